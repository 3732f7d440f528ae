"""Packets to and from one door of this host, as they pass the card: first ones and their answers only."""

from __future__ import annotations

import socket
from contextlib import suppress
from ipaddress import ip_address
from typing import NamedTuple

from kernel.packet_filter import Line, attach

_EVERY_PROTOCOL = 0x0003  # ETH_P_ALL: what leaves is shown to nothing less
_NUMBERS = {"tcp": socket.IPPROTO_TCP, "udp": socket.IPPROTO_UDP}
_OPENS_OR_REFUSES = 0x06
"""SYN or RST."""
_FIRST_OF, _FIRST = 0x16, 0x02
"""SYN alone, of SYN, RST and ACK."""
_BYTE, _HALF, _BYTE_AT, _HALF_AT, _HEADER = 0x30, 0x28, 0x50, 0x48, 0xB1
_AND, _EQUAL, _ANY_OF, _RETURN = 0x54, 0x15, 0x45, 0x06
_BEFORE = 256
"""Packets that may have come before the filter was there."""
_ENOUGH = 128
"""Bytes: headers, no contents."""


class Heard(NamedTuple):
    """One packet; the far end's address and port."""

    address: str
    port: int
    answer: bool


def listen(protocol: str, port: int) -> socket.socket:
    """Raises PermissionError without CAP_NET_RAW."""
    door = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_EVERY_PROTOCOL))
    try:
        door.setblocking(False)
        attach(door, _program(_NUMBERS[protocol], port))
        with suppress(BlockingIOError):
            for _ in range(_BEFORE):
                door.recv(1)
    except BaseException:
        door.close()
        raise
    return door


def heard(packet: bytes, *, outgoing: bool, port: int) -> Heard | None:
    """None for what is no first question to that port and no answer from it."""
    four = packet[0] >> 4 == 4
    start = (packet[0] & 0x0F) * 4 if four else 40
    source, target = (packet[12:16], packet[16:20]) if four else (packet[8:24], packet[24:40])
    ports, flags = packet[start : start + 4], packet[start + 13 : start + 14]
    if len(ports) < 4:
        return None
    from_port, to_port = int.from_bytes(ports[:2], "big"), int.from_bytes(ports[2:], "big")
    if outgoing:
        return Heard(str(ip_address(target)), to_port, answer=True) if from_port == port else None
    tcp = packet[9 if four else 6] == socket.IPPROTO_TCP
    if to_port != port or (tcp and int.from_bytes(flags, "big") & _FIRST_OF != _FIRST):
        return None
    return Heard(str(ip_address(source)), from_port, answer=False)


def _program(number: int, port: int) -> list[Line]:
    """Lines that end in a test skip to the last (no) or the last but one (yes) line of all."""
    tcp = number == socket.IPPROTO_TCP
    four = [
        (_BYTE, 0, 0, 9),
        (_EQUAL, 0, -1, number),
        (_HALF, 0, 0, 6),
        (_ANY_OF, -1, 0, 0x1FFF),  # a later fragment has no ports
        (_HEADER, 0, 0, 0),
        *_to_or_from(port, _HALF_AT, _BYTE_AT, 0, tcp=tcp),
    ]
    six = [(_BYTE, 0, 0, 6), (_EQUAL, 0, -1, number), *_to_or_from(port, _HALF, _BYTE, 40, tcp=tcp)]
    version = [(_BYTE, 0, 0, 0), (_AND, 0, 0, 0xF0), (_EQUAL, 0, len(four), 0x40)]
    begun = [*version, *four, (_EQUAL, 0, -1, 0x60), *six]
    whole = len(begun)
    ends = {-2: whole, -1: whole + 1}

    def skip(value: int, place: int) -> int:
        return ends[value] - place - 1 if value < 0 else value

    program = [(code, skip(yes, at), skip(no, at), k) for at, (code, yes, no, k) in enumerate(begun)]
    return [*program, (_RETURN, 0, 0, _ENOUGH), (_RETURN, 0, 0, 0)]


def _to_or_from(port: int, half: int, byte: int, start: int, *, tcp: bool) -> list[Line]:
    """Ends in yes or no. ``start``: where the ports begin, for loads of a half word and of a byte."""
    return [
        (half, 0, 0, start),
        (_EQUAL, 2, 0, port),
        (half, 0, 0, start + 2),
        (_EQUAL, 0, -1, port),
        (byte, 0, 0, start + 13 if tcp else start),
        (_ANY_OF, -2, -1, _OPENS_OR_REFUSES) if tcp else (_ANY_OF, -2, -2, 0),
    ]
