"""Talks with the kernel by netlink: requests, their answers and attributes (netlink(7))."""

from __future__ import annotations

import os
import socket
import struct
import weakref
from collections.abc import Iterator

ROUTE, SOCK_DIAG = 0, 4
"""Protocols of netlink."""
HEADER = struct.Struct("=IHHII")  # struct nlmsghdr
ATTRIBUTE = struct.Struct("=HH")
_ERROR, _DONE = 2, 3
_REQUEST, _DUMP = 0x1, 0x300
_NESTED_MASK = 0x3FFF
"""Flags in the upper two bits of an attribute's type say that it is nested or in network order."""
BUFFER = 65_536


class Conversation:
    """A socket to the kernel for one question after the other; ends with the object, or with ``close``."""

    def __init__(self, protocol: int = ROUTE, timeout: float = 1.0) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, protocol)
        self.close = weakref.finalize(self, self._socket.close)
        self._socket.bind((0, 0))
        self._socket.settimeout(timeout)
        self._sequence = 0

    def ask(self, kind: int, body: bytes, *, all_of_them: bool = False) -> Iterator[tuple[int, bytes]]:
        """Type and payload of each answer. Raises OSError where the kernel refuses, or is late."""
        self._sequence += 1
        flags = _REQUEST | (_DUMP if all_of_them else 0)
        self._socket.send(HEADER.pack(HEADER.size + len(body), kind, flags, self._sequence, 0) + body)
        while True:
            for answer, sequence, payload in messages(self._socket.recv(BUFFER)):
                if sequence != self._sequence:
                    continue  # the rest of an earlier answer that nobody read to its end
                if answer == _DONE:
                    return
                if answer == _ERROR:
                    code = -struct.unpack_from("=i", payload)[0]
                    if code:
                        raise OSError(code, os.strerror(code))
                    return
                yield answer, payload
            if not all_of_them:
                return


def dump(protocol: int, kind: int, body: bytes, timeout: float = 1.0) -> Iterator[tuple[int, bytes]]:
    """All that the kernel has of one kind, on a socket of its own. Raises OSError like ``ask``."""
    conversation = Conversation(protocol, timeout)
    try:
        yield from conversation.ask(kind, body, all_of_them=True)
    finally:
        conversation.close()


def messages(packet: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Type, sequence and payload of the messages of one packet; a truncated one ends it."""
    at = 0
    while at + HEADER.size <= len(packet):
        length, kind, _, sequence, _ = HEADER.unpack_from(packet, at)
        if length < HEADER.size:
            return
        yield kind, sequence, packet[at + HEADER.size : at + length]
        at += (length + 3) & ~3


def attribute(kind: int, value: bytes) -> bytes:
    return ATTRIBUTE.pack(ATTRIBUTE.size + len(value), kind) + value + bytes(-len(value) % 4)


def attributes(payload: bytes, start: int = 0) -> dict[int, bytes]:
    """Attribute type → value, from ``start`` on; of a repeated one the last."""
    found: dict[int, bytes] = {}
    at = start
    while at + ATTRIBUTE.size <= len(payload):
        length, kind = ATTRIBUTE.unpack_from(payload, at)
        if length < ATTRIBUTE.size:
            break
        found[kind & _NESTED_MASK] = payload[at + ATTRIBUTE.size : at + length]
        at += (length + 3) & ~3
    return found


def text(value: bytes) -> str:
    """A name that ends with a zero byte."""
    return value.partition(b"\0")[0].decode("utf-8", "replace")
