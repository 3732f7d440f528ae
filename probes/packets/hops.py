"""Packets whose time to live ends on the way, and who says so: echoes or TCP (RFC 1812, 5.2.7.3)."""

from __future__ import annotations

import asyncio
import errno
import secrets
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass

from kernel.rtnetlink import family_of
from probes.errors import NetworkError, read_errors, reason_of_icmp, want_errors
from probes.packets.echo_socket import EchoSocket
from wire.judgement import Reason

_TIME_EXCEEDED = {socket.AF_INET: 11, socket.AF_INET6: 3}
_LOOK_EVERY = 0.02
_ENOUGH = 0.4
"""Seconds that routers on the way still get once the far end has answered."""
_GOING_ON = frozenset([0, errno.EINPROGRESS, errno.EALREADY])


@dataclass(frozen=True)
class Hop:
    """Who answered a packet that lived so long; ``reason`` is OK for the far end, None for one on the way."""

    address: str
    reason: Reason | None
    milliseconds: float


class _Packet:
    """One packet under way; its socket is closed by whoever sent it."""

    def __init__(self, sock: socket.socket, address: str, lives: int) -> None:
        self.socket = sock
        self.address = address
        self.family = socket.AddressFamily(sock.family)
        self.sent_at = time.monotonic()
        if self.family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, lives)
        else:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, lives)

    def look(self) -> Hop | None:
        """What came back, if something did."""
        for error in read_errors(self.socket):
            if self.is_ours(error):
                if error.type == _TIME_EXCEEDED[self.family]:
                    return self._hop(error.offender, None)
                reason = reason_of_icmp(error, self.family, port_is_refusal=False)
                return self._hop(error.offender, reason) if reason else None
        return self._hop(self.address, Reason.OK) if self.arrived() else None

    def is_ours(self, error: NetworkError) -> bool:
        """A socket of TCP hears of nothing else."""
        return error.from_icmp

    def arrived(self) -> bool:
        raise NotImplementedError

    def _hop(self, address: str, reason: Reason | None) -> Hop:
        return Hop(address, reason, round((time.monotonic() - self.sent_at) * 1000, 2))


class _Echo(_Packet):
    def __init__(self, address: str, lives: int) -> None:
        self._door = EchoSocket(socket.AddressFamily(family_of(address)))
        super().__init__(self._door.socket, address, lives)
        self._token = secrets.token_bytes(16)
        self.socket.sendto(self._door.packet(lives, self._token), (address, 0))

    def is_ours(self, error: NetworkError) -> bool:
        """A raw socket hears of the errors of others too."""
        return error.from_icmp and (self._token in error.payload or not self._door.raw)

    def arrived(self) -> bool:
        try:
            return self._token in self.socket.recv(256)
        except OSError:
            return False


class _Knock(_Packet):
    def __init__(self, address: str, lives: int, port: int) -> None:
        family = socket.AddressFamily(family_of(address))
        super().__init__(socket.socket(family, socket.SOCK_STREAM), address, lives)
        self.socket.setblocking(False)
        want_errors(self.socket)
        self.socket.connect_ex((address, port))

    def arrived(self) -> bool:
        """A refusal comes from the far end as well as a welcome."""
        if self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.ECONNREFUSED:
            return True
        try:
            self.socket.getpeername()
        except OSError:
            return False
        return True


async def follow(address: str, port: int, *, most: int, seconds: float) -> list[Hop | None]:
    """One entry per router up to the far end, None for the silent ones. Port 0 sends echoes.

    Raises EchoDenied where echoes may not be sent, OSError for what cannot leave.
    """
    packets: list[_Packet] = []
    try:
        lives = range(1, most + 1)
        packets += (_Knock(address, each, port) if port else _Echo(address, each) for each in lives)
        return await _wait(packets, seconds)
    finally:
        for packet in packets:
            packet.socket.close()


async def _wait(packets: Sequence[_Packet], seconds: float) -> list[Hop | None]:
    found: list[Hop | None] = [None] * len(packets)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for number, packet in enumerate(packets):
            found[number] = found[number] or packet.look()
        end = _end(found)
        if None not in found[:end]:
            break
        if (last := found[end - 1]) and last.reason is not None:
            until = min(until, packets[0].sent_at + _ENOUGH)
        await asyncio.sleep(_LOOK_EVERY)
    return found[: _end(found)]


def _end(found: Sequence[Hop | None]) -> int:
    """How far it goes: to the first who is no router on the way."""
    for number, hop in enumerate(found):
        if hop and hop.reason is not None:
            return number + 1
    return len(found)
