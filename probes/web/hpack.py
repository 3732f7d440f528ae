"""As much of the header code of HTTP/2 (RFC 7541) as one GET and the status of its answer need.

The status is the first field of an answer. Without a dynamic table it stands there by itself: as an index
of the static table, or as digits, plain or in Huffman's code.
"""

from __future__ import annotations

GET, SCHEMES = 2, {"http": 6, "https": 7}
AUTHORITY, PATH, ACCEPT_ENCODING, ACCEPT, AUTHORIZATION, USER_AGENT = 1, 4, 16, 19, 23, 58
"""Numbers of the static table: of whole fields, and of names."""
_STATUS = dict(zip(range(8, 15), (200, 204, 206, 304, 400, 404, 500), strict=True))
_NEVER_INDEXED = 0x10
_SHORT, _LONG_FROM = 3, 0b011001
"""Huffman's code: five bits for 0, 1 and 2, six for 3 to 9."""


def indexed(number: int) -> bytes:
    return bytes([0x80 | number])


def field(name: int, value: str) -> bytes:
    """That nobody on the way may keep in a table."""
    text = value.encode()
    return _integer(_NEVER_INDEXED, 4, name) + _integer(0, 7, len(text)) + text


def status_of(block: bytes) -> int:
    """Raises ValueError, or IndexError where it is cut short."""
    at = 0
    while block[at] & 0xE0 == 0x20:  # the table gets another size
        _, at = _read_integer(block, at, 5)
    first = block[at]
    number, at = _read_integer(block, at, 7 if first & 0x80 else 6 if first & 0x40 else 4)
    if number not in _STATUS:
        raise ValueError("an answer that does not begin with its status")
    if first & 0x80:
        return _STATUS[number]
    coded = block[at] & 0x80
    length, at = _read_integer(block, at, 7)
    text = block[at : at + length]
    digits = _digits(text) if coded else text.decode("ascii")
    if len(digits) != 3 or not digits.isdecimal():
        raise ValueError("a status that is no number of three digits")
    return int(digits)


def _integer(flags: int, prefix: int, value: int) -> bytes:
    most = (1 << prefix) - 1
    if value < most:
        return bytes([flags | value])
    packed, value = bytearray([flags | most]), value - most
    while value >= 0x80:
        packed.append(0x80 | value & 0x7F)
        value >>= 7
    return bytes(packed) + bytes([value])


def _read_integer(block: bytes, at: int, prefix: int) -> tuple[int, int]:
    """The number, and where the next thing begins. Raises ValueError, IndexError."""
    most = (1 << prefix) - 1
    value, at = block[at] & most, at + 1
    if value < most:
        return value, at
    for shift in range(0, 28, 7):
        octet, at = block[at], at + 1
        value += (octet & 0x7F) << shift
        if not octet & 0x80:
            return value, at
    raise ValueError("a number without an end")


def _digits(coded: bytes) -> str:
    """Three of them. Raises ValueError for anything else."""
    left = "".join(f"{octet:08b}" for octet in coded[:3])
    digits = ""
    while len(digits) < 3:
        short = int(left[:5], 2)
        digit, used = (short, 5) if short < _SHORT else (int(left[:6], 2) - _LONG_FROM + _SHORT, 6)
        if not 0 <= digit <= 9:
            raise ValueError("a status that is no number of three digits")
        digits, left = f"{digits}{digit}", left[used:]
    return digits
