"""Asks a time source once how far this clock is off (RFC 4330, RFC 5905)."""

from __future__ import annotations

import secrets
import socket
import struct
from collections.abc import Callable

EPOCH = 2_208_988_800
"""Seconds from 1900 to 1970."""
ERA = 2**32
CLIENT = 0x23
"""No leap warning, version 4, mode client."""
SERVER_MODE = 4
PACKET = struct.Struct("!BBBb11I")
PORT = 123


class NoAnswer(OSError):
    """What came is no answer to the question."""


class Unsynchronised(NoAnswer):
    """The source says that it does not know the time itself."""


def offset(source: str, clock: Callable[[], float], timeout: float = 1.0) -> float:
    """Seconds by which this clock is behind the source (negative: ahead). ``source`` may end in ``:port``."""
    name, port = _split(source)
    nonce = secrets.randbits(64)
    family, kind, protocol, _, address = socket.getaddrinfo(name, port, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, kind, protocol) as door:
        door.settimeout(timeout)
        door.connect(address)
        sent = clock()
        door.send(question(nonce))
        answer = door.recv(512)
        received = clock()
    return measured(answer, nonce, sent, received)


def question(nonce: int) -> bytes:
    """The nonce instead of our time tells nobody our clock, and nobody can forge an answer unseen."""
    return PACKET.pack(CLIENT, 0, 0, 0, *[0] * 9, nonce >> 32, nonce & 0xFFFFFFFF)


def measured(answer: bytes, nonce: int, sent: float, received: float) -> float:
    """Seconds that the clock which told ``sent`` and ``received`` is behind. Raises NoAnswer."""
    if len(answer) < PACKET.size:
        raise NoAnswer("the answer is too short")
    fields = PACKET.unpack_from(answer)
    first, stratum, echoed = fields[0], fields[1], (fields[9] << 32) | fields[10]
    if first & 7 != SERVER_MODE or echoed != nonce:
        raise NoAnswer("the answer is not one to our question")
    if first >> 6 == 3 or not 1 <= stratum <= 15:
        raise Unsynchronised("the source is not synchronised itself")
    arrived, left = _seconds(fields[11], fields[12], sent), _seconds(fields[13], fields[14], sent)
    return ((arrived - sent) + (left - received)) / 2


def _seconds(whole: int, fraction: int, near: float) -> float:
    """In the era of 2^32 seconds that is nearest to ``near``."""
    seconds = whole - EPOCH + fraction / ERA
    return seconds + round((near - seconds) / ERA) * ERA


def _split(source: str) -> tuple[str, int]:
    name, colon, port = source.rpartition(":")
    if colon and port.isdigit() and (":" not in name or name.endswith("]")):
        return name.strip("[]"), int(port)
    return source.strip("[]"), PORT
