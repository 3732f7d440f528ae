"""Does what others send to a door of this host through a gateway arrive, and is it answered?

Listens before any filter of the host and sends nothing: what arrives and is not answered is dropped here,
what does not arrive is lost on the way.
"""

from __future__ import annotations

import asyncio
import socket
import time
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from kernel.rtnetlink import Netlink
from probes.link.who_has import HOW_TO_PERMIT
from probes.packets.heard import Heard, heard, listen
from probes.unit import Net, Probe
from wire.judgement import Judgement, Layer, Reason, Scalar, Verdict, unknown
from wire.target import ArrivalTarget

SIGNAL = "net.arrival"
PROBE = Probe(
    signals=(SIGNAL,),
    layer=Layer.NETWORK,
    target=ArrivalTarget,
    interval=300.0,
    timeout=5.0,
    needs=("net_raw",),
)
_SECONDS = 4.0
"""Who got no answer asks again after one second and after three."""
_ANSWERED_WITHIN = 1.0
_MOST = 1_000
"""Attempts: more tell no more."""

Asker = tuple[str, int]
"""Address and port."""
Network = IPv4Network | IPv6Network


async def ask(target: ArrivalTarget, net: Net) -> Judgement:
    """Value: how many attempts came from beyond the links of this host."""
    del net
    try:
        door = listen(target.protocol, target.port)
    except PermissionError:
        return unknown(SIGNAL, target.subject, Reason.NOT_PERMITTED, why=HOW_TO_PERMIT)
    netlink = Netlink()
    try:
        own = [each for each in netlink.addresses() if each.interface != "lo"]
    finally:
        netlink.close()
    near = [ip_network(f"{each.address}/{each.prefix}", strict=False) for each in own]
    with door:
        asked, answered = await _hear(door, target.port, near)
    late = time.monotonic() - _ANSWERED_WITHIN
    waiting = sorted(one for one, at in asked.items() if one not in answered and at <= late)
    reason = Reason.OK if asked and not waiting else Reason.TIMEOUT if asked else Reason.MISSING
    facts: dict[str, Scalar] = {"attempts": len(asked), "unanswered": len(waiting)}
    if waiting:
        facts["of"] = waiting[0][0]
    verdict = Verdict.PASS if reason is Reason.OK else Verdict.FAIL
    return Judgement(
        signal=SIGNAL,
        subject=target.subject,
        verdict=verdict,
        reason=reason,
        value=float(len(asked)),
        evidence=facts,
    )


async def _hear(door: socket.socket, port: int, near: list[Network]) -> tuple[dict[Asker, float], set[Asker]]:
    """Who asked from elsewhere, and when first; and who was answered."""
    asked: dict[Asker, float] = {}
    answered: set[Asker] = set()
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(_SECONDS):
            while True:
                packet, where = await loop.sock_recvfrom(door, 128)
                one = heard(packet, outgoing=where[2] == socket.PACKET_OUTGOING, port=port)
                if one is not None and where[0] != "lo" and len(asked) < _MOST:
                    _note(one, asked, answered, near)
    except TimeoutError:
        return asked, answered


def _note(one: Heard, asked: dict[Asker, float], answered: set[Asker], near: list[Network]) -> None:
    asker = (one.address, one.port)
    if one.answer:
        answered.add(asker)
    elif not any(ip_address(one.address) in each for each in near):
        asked.setdefault(asker, time.monotonic())
