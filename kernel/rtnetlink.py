"""Routes, addresses, links and neighbours as the kernel knows them (rtnetlink(7))."""

from __future__ import annotations

import contextlib
import socket
import struct
import weakref
from dataclasses import dataclass
from enum import IntFlag
from ipaddress import IPv4Network, IPv6Network, ip_interface

from kernel.netlink import Conversation, attribute, attributes

_ROUTE = struct.Struct("=BBBBBBBBI")  # struct rtmsg
_ADDRESS = struct.Struct("=BBBBI")  # struct ifaddrmsg
_LINK = struct.Struct("=BxHiII")  # struct ifinfomsg
_NEIGHBOUR = struct.Struct("=BxxxiHBB")  # struct ndmsg

_NEWLINK, _GETLINK, _NEWADDR, _GETADDR = 16, 18, 20, 22
_NEWROUTE, _GETROUTE, _NEWNEIGH, _GETNEIGH = 24, 26, 28, 30
_CHANGES = 0x1 | 0x10 | 0x40 | 0x100 | 0x400
"""Multicast groups: links, IPv4 addresses and routes, IPv6 addresses and routes."""
_MAIN_TABLE = 254
_UP, _LOWER_UP = 0x1, 0x10000
UNICAST, LOCAL = 1, 2
"""Types of route (rtm_type) that lead somewhere; the others refuse."""


class Neighbour(IntFlag):
    """NUD states of the neighbour table."""

    NONE = 0
    INCOMPLETE = 0x01
    REACHABLE = 0x02
    STALE = 0x04
    DELAY = 0x08
    PROBE = 0x10
    FAILED = 0x20
    NOARP = 0x40
    PERMANENT = 0x80


@dataclass(frozen=True)
class Route:
    """One way out. ``gateway`` is empty for what is on the link."""

    interface: str
    gateway: str
    source: str
    kind: int
    destination: str = ""
    prefix: int = 0
    metric: int = 0


@dataclass(frozen=True)
class HostAddress:
    interface: str
    address: str
    prefix: int
    tentative: bool
    """Duplicate address detection is still running, or failed (``IFA_F_DADFAILED``)."""

    @property
    def network(self) -> IPv4Network | IPv6Network:
        """Whose addresses are neighbours by it."""
        return ip_interface(f"{self.address}/{self.prefix}").network


@dataclass(frozen=True)
class Link:
    name: str
    up: bool
    """Set up by an administrator."""
    carrier: bool
    mac: str
    mtu: int = 0


@dataclass(frozen=True)
class Entry:
    """One line of the neighbour table."""

    interface: str
    address: str
    mac: str
    state: Neighbour


class Netlink:
    """Questions to the kernel, on a socket that ends with the object, or with ``close``."""

    def __init__(self) -> None:
        self._conversation = Conversation()
        self.close = self._conversation.close
        self._ask = self._conversation.ask

    def route(self, address: str) -> Route:
        """The way the kernel would take. Raises OSError as a connect would."""
        family, packed = _packed(address)
        wanted = _ROUTE.pack(family, len(packed) * 8, 0, 0, 0, 0, 0, 0, 0) + attribute(1, packed)
        if scope := address.partition("%")[2]:
            wanted += attribute(4, struct.pack("=I", socket.if_nametoindex(scope)))
        for _, body in self._ask(_GETROUTE, wanted):
            return _route(body)
        raise OSError(0, "the kernel gave no route")

    def routes(self, family: int) -> list[Route]:
        """All routes of the main table."""
        return [
            _route(body)
            for _, body in self._ask(_GETROUTE, _ROUTE.pack(family, *[0] * 8), all_of_them=True)
            if body[4] == _MAIN_TABLE
        ]

    def addresses(self) -> list[HostAddress]:
        """All addresses of the host, loopback included."""
        return [
            _host_address(body)
            for _, body in self._ask(_GETADDR, _ADDRESS.pack(0, 0, 0, 0, 0), all_of_them=True)
        ]

    def link(self, name: str) -> Link | None:
        """State of one interface; None when there is no such interface."""
        request = _LINK.pack(0, 0, 0, 0, 0) + attribute(3, name.encode() + b"\0")
        with contextlib.suppress(OSError):
            for _, body in self._ask(_GETLINK, request):
                _, _, _, flags, _ = _LINK.unpack_from(body)
                found = attributes(body, _LINK.size)
                mac, mtu = _mac(found.get(1, b"")), _number(found, 4)
                return Link(name, bool(flags & _UP), bool(flags & _LOWER_UP), mac, mtu)
        return None

    def neighbours(self, family: int) -> list[Entry]:
        """The ARP (AF_INET) or NDP (AF_INET6) table."""
        request = _NEIGHBOUR.pack(family, 0, 0, 0, 0)
        return [_entry(body) for _, body in self._ask(_GETNEIGH, request, all_of_them=True)]

    def neighbour(self, address: str, interface: str) -> Entry | None:
        """One line of the table; None when the kernel has never asked, or has forgotten."""
        family, packed = _packed(address)
        with contextlib.suppress(OSError):
            index = socket.if_nametoindex(interface)
            request = _NEIGHBOUR.pack(family, index, 0, 0, 0) + attribute(1, packed)
            for _, body in self._ask(_GETNEIGH, request):
                return _entry(body)
        return None


class Changes:
    """Tells whether links, addresses or routes changed since the last look."""

    def __init__(self) -> None:
        self._socket = socket.socket(
            socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK, 0
        )
        weakref.finalize(self, self._socket.close)
        self._socket.bind((0, _CHANGES))

    def any(self) -> bool:
        seen = False
        while True:
            try:
                self._socket.recv(1 << 16)
            except BlockingIOError:
                return seen
            except OSError:  # ENOBUFS: there were more than fit
                seen = True
            else:
                seen = True


def family_of(address: str) -> int:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _packed(address: str) -> tuple[int, bytes]:
    family = family_of(address)
    return family, socket.inet_pton(family, address.partition("%")[0])


def _text(packed: bytes) -> str:
    if len(packed) == 4:
        return socket.inet_ntop(socket.AF_INET, packed)
    return socket.inet_ntop(socket.AF_INET6, packed) if len(packed) == 16 else ""


def _mac(raw: bytes) -> str:
    return raw.hex(":") if len(raw) == 6 and any(raw) else ""


def _number(attributes: dict[int, bytes], kind: int) -> int:
    raw = attributes.get(kind, b"")
    return int(struct.unpack("=I", raw)[0]) if len(raw) == 4 else 0


def _interface(index: int) -> str:
    try:
        return socket.if_indextoname(index) if index else ""
    except OSError:
        return ""


def _route(body: bytes) -> Route:
    _, prefix, _, _, _, _, _, kind, _ = _ROUTE.unpack_from(body)
    found = attributes(body, _ROUTE.size)
    if 9 in found:  # RTA_MULTIPATH: of several equal ways the first one is told (struct rtnexthop)
        index = struct.unpack_from("=HBBi", found[9])[3]
        length = struct.unpack_from("=H", found[9])[0]
        found |= {4: struct.pack("=i", index)} | attributes(found[9][8:length])
    via = found.get(5, b"") or found.get(18, b"")[2:]  # RTA_GATEWAY, or RTA_VIA with its family first
    return Route(
        interface=_interface(_number(found, 4)),
        gateway=_text(via),
        source=_text(found.get(7, b"")),
        kind=kind,
        destination=_text(found.get(1, b"")),
        prefix=prefix,
        metric=_number(found, 6),
    )


def _host_address(body: bytes) -> HostAddress:
    _, prefix, flags, _, index = _ADDRESS.unpack_from(body)
    found = attributes(body, _ADDRESS.size)
    # IFA_LOCAL is the host's own end; on a point-to-point link IFA_ADDRESS is the other one.
    address = _text(found.get(2, b"") or found.get(1, b""))
    return HostAddress(_interface(index), address, prefix, tentative=bool(flags & (0x40 | 0x08)))


def _entry(body: bytes) -> Entry:
    _, index, state, _, _ = _NEIGHBOUR.unpack_from(body)
    found = attributes(body, _NEIGHBOUR.size)
    return Entry(
        interface=_interface(index),
        address=_text(found.get(1, b"")),
        mac=_mac(found.get(2, b"")),
        state=Neighbour(state & 0xFF),
    )
