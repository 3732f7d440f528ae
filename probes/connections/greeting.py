"""Does this service greet as its protocol wants: SMTP, IMAP, POP3, FTP, SSH?"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from probes.connections.connect import connect
from probes.connections.talk import Talk
from probes.steps import StepFailed, Steps
from probes.unit import SECOND, Net, Probe
from wire.entity import DEFAULT_PORTS
from wire.judgement import Judgement, Layer, Reason
from wire.target import GreetingTarget

PROBE = Probe(
    signals=("app.greeting",),
    layer=Layer.APPLICATION,
    target=GreetingTarget,
    interval=30 * SECOND,
    timeout=9 * SECOND,
)
SLOW = 3.0
"""Seconds: servers that look the client's name up first take this long when their resolver fails."""
_BUDGET = 8.5
_LONGEST = 4096
_WELL = {
    "smtp": (b"220",),
    "ftp": (b"220",),
    "imap": (b"* OK", b"* PREAUTH"),
    "pop3": (b"+OK",),
    "ssh": (b"SSH-2.0-", b"SSH-1.99-"),
}
"""How a ready server begins: RFC 5321, 959, 3501, 1939, 4253."""
_ILL = {
    "smtp": (b"4", b"5"),
    "ftp": (b"4", b"5"),
    "imap": (b"* BYE",),
    "pop3": (b"-ERR",),
    "ssh": (b"Exceeded MaxStartups", b"Not allowed"),
}
"""How one begins that speaks the protocol, and will not serve."""
_FAREWELL = {"smtp": b"QUIT\r\n", "ftp": b"QUIT\r\n", "imap": b"a LOGOUT\r\n", "pop3": b"QUIT\r\n"}


async def ask(target: GreetingTarget, net: Net) -> Judgement:
    """Resolves, connects, listens. Value: seconds to the greeting."""
    steps = Steps("app.greeting", target.subject, net, _BUDGET)
    try:
        sock = await connect(steps, target.host, target.port or DEFAULT_PORTS[target.service])
        talk = Talk(sock)
        try:
            with steps.step("greeting"):
                line = await _greeting(talk, target.service, steps)
        finally:
            talk.close()
    except StepFailed as failure:
        return steps.failed(failure)
    steps.evidence["greeting"] = line.decode("utf-8", "replace").strip()[:200]
    if not line.startswith(_WELL[target.service]):
        known = line.startswith(_ILL[target.service])
        return steps.failed(StepFailed(Reason.STATUS if known else Reason.WRONG, step="greeting"))
    took = steps.elapsed()
    return steps.warned(Reason.SLOW, took) if took > SLOW else steps.passed(took)


async def _greeting(talk: Talk, service: str, steps: Steps) -> bytes:
    """The first line that counts: a server of SSH may send others before it (RFC 4253, 4.2)."""
    try:
        async with asyncio.timeout(steps.left()):
            line = await talk.until(b"\n", _LONGEST)
            while service == "ssh" and not line.startswith((*_WELL["ssh"], *_ILL["ssh"])):
                line = await talk.until(b"\n", _LONGEST)
            if farewell := _FAREWELL.get(service):
                with suppress(OSError):
                    await talk.send(farewell)
            return line
    except TimeoutError:
        raise StepFailed(
            Reason.REQUEST_TIMEOUT, step="greeting", error="connected, but no greeting"
        ) from None
    except ValueError as error:
        raise StepFailed(Reason.WRONG, step="greeting", error=str(error)) from None
