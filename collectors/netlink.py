"""Asks the kernel by netlink: one dump, its answers and their attributes (netlink(7), rtnetlink(7))."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

ROUTE = 0
SOCK_DIAG = 4
REQUEST_DUMP = 0x301
ERROR = 2
DONE = 3
HEADER = struct.Struct("=IHHII")
ATTRIBUTE = struct.Struct("=HH")
NESTED_MASK = 0x3FFF
"""Flags in the upper two bits of an attribute's type say that it is nested or in network order."""
BUFFER = 65_536


def dump(protocol: int, kind: int, body: bytes, timeout: float = 1.0) -> Iterator[tuple[int, bytes]]:
    """Type and payload of each answer. Raises OSError where the kernel refuses or does not answer in time."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, protocol) as door:
        door.settimeout(timeout)
        door.sendto(HEADER.pack(HEADER.size + len(body), kind, REQUEST_DUMP, 1, 0) + body, (0, 0))
        while True:
            for answer, payload in messages(door.recv(BUFFER)):
                if answer == DONE:
                    return
                if answer == ERROR:
                    (code,) = struct.unpack_from("=i", payload)
                    raise OSError(-code, f"netlink {protocol} refused request {kind}")
                yield answer, payload


def messages(packet: bytes) -> Iterator[tuple[int, bytes]]:
    """The messages of one packet; a truncated one ends it."""
    at = 0
    while at + HEADER.size <= len(packet):
        length, kind, _, _, _ = HEADER.unpack_from(packet, at)
        if length < HEADER.size:
            return
        yield kind, packet[at + HEADER.size : at + length]
        at += (length + 3) & ~3


def attributes(payload: bytes, start: int = 0) -> dict[int, bytes]:
    """Attribute type → value, from ``start`` on; of a repeated one the last."""
    found: dict[int, bytes] = {}
    at = start
    while at + ATTRIBUTE.size <= len(payload):
        length, kind = ATTRIBUTE.unpack_from(payload, at)
        if length < ATTRIBUTE.size:
            break
        found[kind & NESTED_MASK] = payload[at + ATTRIBUTE.size : at + length]
        at += (length + 3) & ~3
    return found


def text(value: bytes) -> str:
    """A name that ends with a zero byte."""
    return value.partition(b"\0")[0].decode("utf-8", "replace")
