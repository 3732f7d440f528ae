"""From errno and ICMP type and code to the reason of the failing step (icmp(7), RFC 1122, RFC 1812)."""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from wire.judgement import Reason, Scalar

IP_RECVERR, IPV6_RECVERR = 11, 25
"""linux/in.h, linux/in6.h; not in the socket module of Python 3.11."""
_EXTENDED = struct.Struct("=IBBBxII")  # struct sock_extended_err
_LOCAL, _ICMP, _ICMP6 = 1, 2, 3

_BY_ERRNO = {
    errno.ENETUNREACH: Reason.NO_ROUTE,
    errno.ENETDOWN: Reason.CARRIER,
    errno.EADDRNOTAVAIL: Reason.EXHAUSTED,  # every local port is in use
    errno.EINVAL: Reason.NO_ROUTE,  # a blackhole route
    errno.EHOSTUNREACH: Reason.UNREACHABLE,
    errno.EHOSTDOWN: Reason.UNREACHABLE,
    errno.EACCES: Reason.PROHIBITED,
    errno.EPERM: Reason.PROHIBITED,
    errno.ETIMEDOUT: Reason.TIMEOUT,
    errno.ECONNREFUSED: Reason.REFUSED,
    errno.ECONNRESET: Reason.RESET,
    errno.EPIPE: Reason.RESET,
    errno.ECONNABORTED: Reason.RESET,
    errno.EPROTO: Reason.RESET,
}
_V4_PROHIBITED = frozenset([9, 10, 13])
_V6_PROHIBITED = frozenset([1, 5, 6])
_PORT = {socket.AF_INET: (3, 3), socket.AF_INET6: (1, 4)}
_UNREACHABLE = {socket.AF_INET: 3, socket.AF_INET6: 1}
_TIME_EXCEEDED = {socket.AF_INET: 11, socket.AF_INET6: 3}


@dataclass(frozen=True)
class NetworkError:
    """One entry of a socket's error queue."""

    number: int
    origin: int
    type: int
    code: int
    offender: str
    address: str
    """The destination of the packet that it is about."""
    payload: bytes
    info: int = 0
    """For a packet that was too large: how large one may be."""

    @property
    def from_icmp(self) -> bool:
        return self.origin in (_ICMP, _ICMP6)

    def evidence(self) -> dict[str, Scalar]:
        if not self.from_icmp:
            return {"errno": errno.errorcode.get(self.number, str(self.number))}
        return {"icmp_type": self.type, "icmp_code": self.code, "icmp_from": self.offender}


def want_errors(sock: socket.socket) -> None:
    """Asks for ICMP errors in the socket's error queue, with type, code and sender."""
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
    else:
        sock.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)


def read_errors(sock: socket.socket) -> Iterator[NetworkError]:
    """Empties the error queue of a non-blocking socket."""
    while True:
        try:
            payload, ancillary, _, address = sock.recvmsg(256, 512, socket.MSG_ERRQUEUE)
        except OSError:
            return
        for level, kind, body in ancillary:
            if (level, kind) in (
                (socket.IPPROTO_IP, IP_RECVERR),
                (socket.IPPROTO_IPV6, IPV6_RECVERR),
            ) and len(body) >= _EXTENDED.size:
                number, origin, icmp_type, code, info, _ = _EXTENDED.unpack_from(body)
                offender = _sockaddr(body[_EXTENDED.size :])
                about = address[0] if address else ""
                yield NetworkError(number, origin, icmp_type, code, offender, about, payload, info)


def reason_of(number: int) -> Reason:
    """The step that failed with this errno; INTERNAL for what says nothing about the network."""
    return _BY_ERRNO.get(number, Reason.INTERNAL)


def reason_of_icmp(error: NetworkError, family: int, *, port_is_refusal: bool) -> Reason | None:
    """The step that an ICMP error tells of; None when it is no refusal of a destination.

    TCP refuses with a reset: port-unreachable as an answer to TCP came from a filter (``port_is_refusal``).
    """
    if not error.from_icmp:
        return reason_of(error.number)
    if error.type == _TIME_EXCEEDED[socket.AddressFamily(family)]:
        return Reason.UNREACHABLE
    if error.type != _UNREACHABLE[socket.AddressFamily(family)]:
        return None
    if (error.type, error.code) == _PORT[socket.AddressFamily(family)]:
        return Reason.REFUSED if port_is_refusal else Reason.PROHIBITED
    prohibited = _V6_PROHIBITED if family == socket.AF_INET6 else _V4_PROHIBITED
    return Reason.PROHIBITED if error.code in prohibited else Reason.UNREACHABLE


def _sockaddr(raw: bytes) -> str:
    if len(raw) < 8:
        return ""
    family = struct.unpack_from("=H", raw)[0]
    if family == socket.AF_INET:
        return socket.inet_ntop(socket.AF_INET, raw[4:8])
    if family == socket.AF_INET6 and len(raw) >= 24:
        return socket.inet_ntop(socket.AF_INET6, raw[8:24])
    return ""
