"""How large a packet gets through to this address, and does somebody say so when it is too large?"""

from __future__ import annotations

import asyncio
import errno
import secrets
import socket
import struct
import time
from collections.abc import Callable, Iterable

from kernel.rtnetlink import family_of
from probes.errors import read_errors, reason_of_icmp
from probes.packets.echo_socket import HOW_TO_PERMIT, EchoDenied, EchoSocket
from probes.packets.next_hop import silent
from probes.path import Way
from probes.steps import StepFailed, Steps
from probes.unit import SECOND, Net, Probe
from wire.judgement import Judgement, Layer, Reason, unknown
from wire.target import MtuTarget

PROBE = Probe(
    signals=("net.path_mtu",),
    layer=Layer.NETWORK,
    target=MtuTarget,
    interval=60 * SECOND,
    timeout=7 * SECOND,
    needs=("net_raw",),
)
_SMALL = 128
_SIZES = (576, 1000, 1280, 1350, 1380, 1400, 1420, 1440, 1450, 1460, 1472, 1480, 1492, 1500, 4000, 8000)
"""Where tunnels, PPP and jumbo frames usually end; bytes of a whole packet."""
_LARGEST = 9216
_TRIES, _GAP, _PATIENCE = 3, 0.2, 0.8
_BUDGET = 6.0
_HEADERS = {socket.AF_INET: 28, socket.AF_INET6: 48}
_IP_MTU_DISCOVER, _IPV6_MTU_DISCOVER, _PROBE = 10, 23, 3
"""linux/in.h: forbid fragments, and do not believe what was learnt of the path (IP_PMTUDISC_PROBE)."""


async def ask(target: MtuTarget, net: Net) -> Judgement:
    """Small and full packets that nobody may cut. Value: bytes of the largest that got through."""
    steps = Steps("net.path_mtu", target.subject, net, _BUDGET)
    try:
        way = steps.go(target.address, 0)
        link = steps.ways.link(way.path.interface)
        largest = min(link.mtu if link and link.mtu else 1500, _LARGEST) & ~1
        steps.evidence["link_mtu"] = largest
        with steps.step("echo"):
            return await _measure(steps, way, _Sizes(target.address), largest)
    except EchoDenied:
        return unknown("net.path_mtu", target.subject, Reason.NOT_PERMITTED, why=HOW_TO_PERMIT)
    except StepFailed as failure:
        return steps.failed(failure)


async def _measure(steps: Steps, way: Way, sizes: _Sizes, largest: int) -> Judgement:
    try:
        await sizes.send((_SMALL, largest))
        if sizes.told:
            steps.evidence |= {"path_mtu": sizes.told, "told_by": sizes.told_by}
        if largest in sizes.through or (sizes.told and _SMALL in sizes.through):
            return steps.passed(float(sizes.told or largest))
        if _SMALL not in sizes.through:
            if sizes.refused:
                raise StepFailed(sizes.refused)
            if why := await silent(steps.ways, way):
                raise StepFailed(Reason.UNREACHABLE, neighbour=why)
            raise StepFailed(Reason.TIMEOUT, error="not even small packets are answered")
        between = [size for size in _SIZES if _SMALL < size < largest]
        await sizes.send(between)
        biggest = max(sizes.through)
        gaps = any(size < biggest and size not in sizes.through for size in between)
        lossy = gaps or not await sizes.always_through(biggest)
    finally:
        sizes.close()
    if lossy:
        return steps.passed(float(biggest))  # packets of every size get lost: that is loss, told by others
    error = "larger ones vanish, and nobody says that they are too large"
    raise StepFailed(
        Reason.WRONG, through=biggest, lost=min({*between, largest} - sizes.through), error=error
    )


class _Sizes:
    """Echoes of several sizes to one address, and what came of them."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._door = EchoSocket(socket.AddressFamily(family_of(address)))
        if self._door.family == socket.AF_INET6:
            self._door.socket.setsockopt(socket.IPPROTO_IPV6, _IPV6_MTU_DISCOVER, _PROBE)
        else:
            self._door.socket.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER, _PROBE)
        self._token = secrets.token_bytes(16)
        self.through: set[int] = set()
        self.told, self.told_by = 0, ""
        self.refused: Reason | None = None

    def close(self) -> None:
        self._door.socket.close()

    async def send(self, sizes: Iterable[int]) -> None:
        """Until all are answered or explained; what is lost is sent again."""
        for _ in range(_TRIES):
            for size in [size for size in sizes if size not in self.through]:
                self._send(size)
            if await self._until(
                lambda: self.refused or all(size in self.through or 0 < self.told < size for size in sizes)
            ):
                return
            await asyncio.sleep(_GAP)

    async def always_through(self, size: int) -> bool:
        """Is it answered each time that it is sent once more?"""
        for _ in range(_TRIES):
            self.through.discard(size)
            self._send(size)
            if not await self._until(lambda: size in self.through):
                return False
        return True

    async def _until(self, content: Callable[[], object]) -> bool:
        """Reads what comes, for as long as is waited for an answer at most."""
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            await asyncio.sleep(0.01)
            self._read()
            if content():
                return True
        return False

    def _send(self, size: int) -> None:
        filling = bytes(size - _HEADERS[self._door.family] - len(self._token))
        packet = self._door.packet(size, self._token + filling)
        for _ in range(3):  # a pending error of the socket fails the next call
            try:
                self._door.socket.sendto(packet, (self._address, 0))
            except OSError as error:
                self._errors()
                if error.errno == errno.EMSGSIZE and self.told:
                    return
            else:
                return

    def _read(self) -> None:
        self._errors()
        while True:
            try:
                data = self._door.socket.recv(_LARGEST + 64)
            except BlockingIOError:
                return
            except OSError:
                self._errors()
                continue
            at = self._door.offset
            if self._token in data:
                self.through.add(struct.unpack_from("!H", data, at + 6)[0])

    def _errors(self) -> None:
        for error in read_errors(self._door.socket):
            if self._door.raw and self._token not in error.payload:
                continue  # a raw socket hears of the errors of others too
            if error.number == errno.EMSGSIZE:
                self.told, self.told_by = error.info, error.offender or "this host"
            elif reason := reason_of_icmp(error, self._door.family, port_is_refusal=False):
                self.refused = reason
