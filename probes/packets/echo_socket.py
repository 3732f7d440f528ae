"""The sockets for ICMP echoes: raw when permitted, else ping datagrams; a filter drops other traffic."""

from __future__ import annotations

import contextlib
import secrets
import socket
import struct
import weakref

from kernel.packet_filter import attach
from probes.errors import want_errors
from probes.packets.batch import SO_TIMESTAMPNS

HOW_TO_PERMIT = (
    'sysctl -w net.ipv4.ping_group_range="0 2147483647"  or  setcap cap_net_raw+ep on the Python interpreter'
)
_SO_RCVBUFFORCE = 33
_SOL_RAW, _ICMP_FILTER, _ICMP6_FILTER = 255, 1, 1
_BUFFER = 4 * 1024 * 1024
_ECHO = {socket.AF_INET: 8, socket.AF_INET6: 128}
_REPLY = {socket.AF_INET: 0, socket.AF_INET6: 129}


class EchoDenied(Exception):
    """Neither kind of socket may be opened."""


class EchoSocket:
    """One socket of one address family. Raises EchoDenied."""

    def __init__(self, family: socket.AddressFamily) -> None:
        self.family = family
        protocol = socket.IPPROTO_ICMP if family == socket.AF_INET else socket.IPPROTO_ICMPV6
        self.identity = secrets.randbelow(0xFFFF) + 1
        try:
            self.socket = socket.socket(family, socket.SOCK_RAW, protocol)
            self.raw = True
            self._filter()
        except PermissionError:
            self.socket = self._ping(protocol)
            self.raw = False
        weakref.finalize(self, self.socket.close)
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        want_errors(self.socket)
        try:
            self.socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
        except PermissionError:
            with contextlib.suppress(OSError):
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)

    def _ping(self, protocol: int) -> socket.socket:
        try:
            return socket.socket(self.family, socket.SOCK_DGRAM, protocol)
        except PermissionError:
            raise EchoDenied(HOW_TO_PERMIT) from None

    @property
    def offset(self) -> int:
        """Where the ICMP header begins in what is received: raw IPv4 sockets give the IP header too."""
        return 20 if self.raw and self.family == socket.AF_INET else 0

    def packet(self, sequence: int, token: bytes) -> bytes:
        """An echo request. The kernel writes the checksum for ICMPv6 and for datagram sockets."""
        head = struct.pack("!BBHHH", _ECHO[self.family], 0, 0, self.identity, sequence)
        packet = head + token
        if self.raw and self.family == socket.AF_INET:
            return packet[:2] + struct.pack("!H", checksum(packet)) + packet[4:]
        return packet

    def _filter(self) -> None:
        """Lets only echo replies with our identity through; errors come by the error queue."""
        reply = _REPLY[self.family]
        if self.family == socket.AF_INET:
            self.socket.setsockopt(_SOL_RAW, _ICMP_FILTER, struct.pack("=I", ~(1 << reply) & 0xFFFFFFFF))
            load = [(0xB1, 0, 0, 0), (0x50, 0, 0, 0), (0x15, 0, 3, reply), (0x48, 0, 0, 4)]
        else:
            blocked = [0xFFFFFFFF] * 8
            blocked[reply >> 5] &= ~(1 << (reply & 31)) & 0xFFFFFFFF
            self.socket.setsockopt(socket.IPPROTO_ICMPV6, _ICMP6_FILTER, struct.pack("=8I", *blocked))
            load = [(0x30, 0, 0, 0), (0x15, 0, 3, reply), (0x28, 0, 0, 4)]
        # ldx 4*([0]&0xf); ldb [x]; jeq reply; ldh [x+4]; jeq identity; ret all; ret 0 (BPF, socket(7))
        program = [*load, (0x15, 0, 1, self.identity), (0x06, 0, 0, 0xFFFF), (0x06, 0, 0, 0)]
        attach(self.socket, program)


def checksum(packet: bytes) -> int:
    """RFC 1071."""
    total: int = sum(struct.unpack(f"!{len(packet) // 2}H", packet))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF
