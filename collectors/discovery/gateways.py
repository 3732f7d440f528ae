"""The routers of the default routes, with their hardware address where a neighbour entry tells it."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

from collectors.host import Host
from wire.inventory import Gateway

UP_AND_GATEWAY = 0x3
NO_MAC = "00:00:00:00:00:00"


def gateways(host: Host) -> list[Gateway]:
    """/proc/net/route and /proc/net/ipv6_route, best metric first, each gateway once."""
    macs = _neighbours(host)
    found: dict[tuple[str, str], Gateway] = {}
    for _, address, interface in sorted([*_of_ipv4(host), *_of_ipv6(host)]):
        found.setdefault(
            (address, interface),
            Gateway(address=address, interface=interface, mac=macs.get((address, interface), "")),
        )
    return list(found.values())


def _of_ipv4(host: Host) -> Iterator[tuple[int, str, str]]:
    for line in _lines(host, "/proc/net/route")[1:]:
        fields = line.split()
        if len(fields) < 8 or fields[1] != "00000000" or fields[7] != "00000000":
            continue
        if int(fields[3], 16) & UP_AND_GATEWAY == UP_AND_GATEWAY:
            address = socket.inet_ntoa(struct.pack("=I", int(fields[2], 16)))
            yield int(fields[6]), address, fields[0]


def _of_ipv6(host: Host) -> Iterator[tuple[int, str, str]]:
    for line in _lines(host, "/proc/net/ipv6_route"):
        fields = line.split()
        if len(fields) < 10 or fields[1] != "00" or set(fields[0]) != {"0"}:
            continue
        if int(fields[8], 16) & UP_AND_GATEWAY == UP_AND_GATEWAY:
            address = socket.inet_ntop(socket.AF_INET6, bytes.fromhex(fields[4]))
            yield int(fields[5], 16), address, fields[9]


def _neighbours(host: Host) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for line in _lines(host, "/proc/net/arp")[1:]:
        fields = line.split()
        if len(fields) >= 6 and fields[3] != NO_MAC:
            found[(fields[0], fields[5])] = fields[3]
    return found


def _lines(host: Host, path: str) -> list[str]:
    try:
        return host.read(path).splitlines()
    except OSError:
        return []
