"""Does this URL open a WebSocket (RFC 6455)?"""

from __future__ import annotations

import base64
import hashlib
import secrets
from urllib.parse import urlsplit

from probes.steps import StepFailed, Steps
from probes.unit import SECOND, Net, Probe
from probes.web.http_answer import Answer
from probes.web.http_request import first_answer, get, open_talk
from probes.web.status import reason_of
from wire.judgement import Judgement, Layer, Reason
from wire.target import WebSocketTarget

PROBE = Probe(
    signals=("app.websocket",),
    layer=Layer.APPLICATION,
    target=WebSocketTarget,
    interval=30 * SECOND,
    timeout=9 * SECOND,
)
_BUDGET = 8.5
_SALT = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_CLOSE = b"\x88\x82" + bytes(4) + b"\x03\xe8"
"""A masked frame that says goodbye: 1000."""


async def ask(target: WebSocketTarget, net: Net) -> Judgement:
    """Resolves, connects, shakes hands, upgrades. Value: seconds in all."""
    steps = Steps("app.websocket", target.subject, net, _BUDGET)
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    try:
        parts = urlsplit(target.url)
        talk = await open_talk(steps, parts, target.ca_file)
        try:
            answer = await first_answer(talk, get(parts, _upgrade(key)), steps)
            if answer.status == 101:
                await talk.send(_CLOSE)
        except OSError:
            raise StepFailed(Reason.RESET, step="request", error="closed after the upgrade") from None
        finally:
            talk.close()
        _judge(answer, key)
    except StepFailed as failure:
        return steps.failed(failure, steps.elapsed())
    took = steps.elapsed()
    return steps.warned(Reason.SLOW, took) if took > target.slow_after else steps.passed(took)


def _upgrade(key: str) -> tuple[str, ...]:
    return (
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {key}",
    )


def _judge(answer: Answer, key: str) -> None:
    """Raises StepFailed for a refusal, or an upgrade by somebody who does not know the protocol."""
    if answer.status != 101:
        raise StepFailed(reason_of(answer.status), step="status", status=answer.status)
    wanted = base64.b64encode(hashlib.sha1(f"{key}{_SALT}".encode(), usedforsecurity=False).digest()).decode()
    found = answer.headers.get("sec-websocket-accept", "")
    if found != wanted:
        raise StepFailed(Reason.WRONG, step="accept", wanted=wanted, found=found[:64])
