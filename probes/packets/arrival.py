"""Does what others send to a door of this host through a gateway arrive, and is it answered?

Listens before any filter of the host and sends nothing: what arrives and is not answered is dropped here,
what does not arrive is lost on the way.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Collection
from ipaddress import IPv4Network, IPv6Network, ip_address

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

Asker = tuple[str, int]
"""Address and port."""
Network = IPv4Network | IPv6Network


class Attempts:
    """Who asked from elsewhere, and who of them was answered."""

    def __init__(self, near: Collection[Network], *, most: int = 1_000) -> None:
        """``most``: more attempts tell no more."""
        self._near, self._most = near, most
        self.asked: dict[Asker, float] = {}
        """When first, as ``time.monotonic()`` tells it."""
        self.answered: set[Asker] = set()

    def note(self, one: Heard) -> None:
        asker = (one.address, one.port)
        if one.answer:
            if asker in self.asked:
                self.answered.add(asker)
        elif len(self.asked) < self._most and not self._is_near(one.address):
            self.asked.setdefault(asker, time.monotonic())

    def _is_near(self, address: str) -> bool:
        return any(ip_address(address) in each for each in self._near)

    def unanswered(self) -> list[Asker]:
        """Of those who had the time to be answered."""
        late = time.monotonic() - _ANSWERED_WITHIN
        return sorted(one for one, at in self.asked.items() if one not in self.answered and at <= late)


async def ask(target: ArrivalTarget, net: Net) -> Judgement:
    """Value: how many attempts came from beyond the links of this host."""
    del net
    try:
        door = listen(target.protocol, target.port)
    except PermissionError:
        return unknown(SIGNAL, target.subject, Reason.NOT_PERMITTED, why=HOW_TO_PERMIT)
    netlink = Netlink()
    try:
        near = [each.network for each in netlink.addresses() if each.interface != "lo"]
    finally:
        netlink.close()
    attempts = Attempts(near)
    with door:
        await _hear(door, target.port, attempts)
    asked, waiting = attempts.asked, attempts.unanswered()
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


async def _hear(door: socket.socket, port: int, attempts: Attempts) -> None:
    loop = asyncio.get_running_loop()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_SECONDS):
            while True:
                packet, where = await loop.sock_recvfrom(door, 128)
                one = heard(packet, outgoing=where[2] == socket.PACKET_OUTGOING, port=port)
                if one is not None and where[0] != "lo":
                    attempts.note(one)
