"""The network interfaces of this namespace with their addresses, by rtnetlink, or from /sys and /proc."""

from __future__ import annotations

import socket
import struct
from collections import defaultdict

import msgspec

from collectors.host import Host
from kernel import netlink
from wire import entity
from wire.entity import Entity

GET_LINK, NEW_LINK = 18, 16
GET_ADDRESS, NEW_ADDRESS = 22, 20
LINK = struct.Struct("=BxHiII")
ADDRESS = struct.Struct("=BBBBI")
UP, LOWER_UP, LOOPBACK = 0x1, 0x10000, 0x8
HARDWARE, NAME, MASTER, LINK_INFO, STATS, CARRIER, CARRIER_CHANGES = 1, 3, 10, 18, 23, 33, 35
INFO_KIND = 1
ETHERNET_TYPE, LOOPBACK_TYPE, INFINIBAND_TYPE = 1, 772, 32
COUNTERS = (
    "rx_packets",
    "tx_packets",
    "rx_bytes",
    "tx_bytes",
    "rx_errors",
    "tx_errors",
    "rx_dropped",
    "tx_dropped",
    "multicast",
    "collisions",
    "rx_length_errors",
    "rx_over_errors",
    "rx_crc_errors",
    "rx_frame_errors",
    "rx_fifo_errors",
    "rx_missed_errors",
    "tx_aborted_errors",
    "tx_carrier_errors",
    "tx_fifo_errors",
    "tx_heartbeat_errors",
    "tx_window_errors",
)
"""Names of struct rtnl_link_stats64, in its order."""


class Interface(msgspec.Struct, frozen=True, kw_only=True):
    """One network interface as the kernel sees it now."""

    name: str
    index: int
    kind: str
    """``ethernet``, ``loopback``, or the kernel's word: ``veth``, ``bridge``, ``bond`` …"""
    mac: str = ""
    master: str = ""
    up: bool
    """Somebody wants it up."""
    carrier: bool
    carrier_changes: int = 0
    counters: dict[str, int]
    addresses: tuple[str, ...] = ()
    """With prefix length; link-local ones are left out."""


def interfaces(host: Host) -> list[Interface]:
    """Raises OSError where neither netlink nor /sys tells."""
    return _by_netlink() if host.real else _by_files(host)


def _by_netlink() -> list[Interface]:
    addresses = _addresses()
    names: dict[int, str] = {}
    raw: list[tuple[_Head, dict[int, bytes]]] = []
    for kind, payload in netlink.dump(netlink.ROUTE, GET_LINK, LINK.pack(0, 0, 0, 0, 0)):
        if kind != NEW_LINK:
            continue
        _, hardware, index, flags, _ = LINK.unpack_from(payload)
        found = netlink.attributes(payload, LINK.size)
        names[index] = netlink.text(found.get(NAME, b""))
        raw.append((_Head(hardware, index, flags), found))
    return [
        _interface(head, found, names.get(_number(found.get(MASTER)), ""), addresses.get(head.index, []))
        for head, found in raw
    ]


def entrance(host: Host) -> Entity:
    """What the kernel counts for all interfaces together belongs to the only one, or else to the host."""
    used = [nic.name for nic in interfaces(host) if nic.kind != "loopback" and nic.carrier and not nic.master]
    return entity.nic(host.name, used[0]) if len(used) == 1 else entity.host(host.name)


class _Head(msgspec.Struct, frozen=True):
    hardware: int
    index: int
    flags: int


def _interface(head: _Head, found: dict[int, bytes], master: str, addresses: list[str]) -> Interface:
    kind = netlink.text(netlink.attributes(found.get(LINK_INFO, b"")).get(INFO_KIND, b""))
    stats = found.get(STATS, b"")
    up = bool(head.flags & UP)
    return Interface(
        name=netlink.text(found.get(NAME, b"")),
        index=head.index,
        kind=kind or _kind(head.hardware),
        mac=found.get(HARDWARE, b"").hex(":"),
        master=master,
        up=up,
        carrier=up and bool(head.flags & LOWER_UP) and _number(found.get(CARRIER), 1) == 1,
        carrier_changes=_number(found.get(CARRIER_CHANGES)),
        counters=dict(
            zip(COUNTERS, struct.unpack_from(f"={min(len(COUNTERS), len(stats) // 8)}Q", stats), strict=False)
        ),
        addresses=tuple(addresses),
    )


def _addresses() -> dict[int, list[str]]:
    found: defaultdict[int, list[str]] = defaultdict(list)
    for kind, payload in netlink.dump(netlink.ROUTE, GET_ADDRESS, ADDRESS.pack(0, 0, 0, 0, 0)):
        if kind != NEW_ADDRESS:
            continue
        family, prefix, _, scope, index = ADDRESS.unpack_from(payload)
        values = netlink.attributes(payload, ADDRESS.size)
        packed = values.get(2) or values.get(1) or b""
        if scope == 253 or family not in (socket.AF_INET, socket.AF_INET6) or not packed:
            continue
        found[index].append(f"{socket.inet_ntop(family, packed)}/{prefix}")
    return found


def _kind(hardware: int) -> str:
    names = {ETHERNET_TYPE: "ethernet", LOOPBACK_TYPE: "loopback", INFINIBAND_TYPE: "infiniband"}
    return names.get(hardware, "other")


def _number(value: bytes | None, default: int = 0) -> int:
    return int.from_bytes(value, "little") if value else default


def _by_files(host: Host) -> list[Interface]:
    """/sys/class/net (kernel: Documentation/ABI/testing/sysfs-class-net). It tells no IPv4 addresses."""
    return [_from_files(host, name) for name in sorted(host.list("/sys/class/net"))]


def _from_files(host: Host, name: str) -> Interface:
    folder = f"/sys/class/net/{name}"
    flags = int(_fact(host, f"{folder}/flags", "0x0"), 16)
    return Interface(
        name=name,
        index=int(_fact(host, f"{folder}/ifindex", "0")),
        kind=_kind(int(_fact(host, f"{folder}/type", "0"))),
        mac=_fact(host, f"{folder}/address", ""),
        up=bool(flags & UP),
        carrier=bool(flags & UP) and _fact(host, f"{folder}/carrier", "0") == "1",
        carrier_changes=int(_fact(host, f"{folder}/carrier_changes", "0")),
        counters={
            counter: int(_fact(host, f"{folder}/statistics/{counter}", "0"))
            for counter in COUNTERS
            if host.exists(f"{folder}/statistics/{counter}")
        },
    )


def _fact(host: Host, path: str, default: str) -> str:
    """One line of /sys; a NIC that is down has no carrier to read (EINVAL)."""
    try:
        return host.read(path, 4096).strip() or default
    except OSError:
        return default
