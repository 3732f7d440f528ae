"""The basic encoding of ASN.1 (X.690), as far as certificates and SNMP need it."""

from __future__ import annotations

from collections.abc import Iterator

INTEGER, OCTETS, NULL, OID, SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x30
_LARGEST_ARC = 2**32 - 1


def items(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and content of each element. Raises ValueError, or IndexError where a head is cut short."""
    at = 0
    while at < len(data):
        kind, length = data[at], data[at + 1]
        at += 2
        if length & 0x80:
            count = length & 0x7F
            if not 1 <= count <= 4:
                raise ValueError("a length that is not DER")
            length = int.from_bytes(data[at : at + count], "big")
            at += count
        if at + length > len(data):
            raise ValueError("cut short")
        yield kind, data[at : at + length]
        at += length


def item(kind: int, content: bytes) -> bytes:
    length = len(content)
    if length < 0x80:
        return bytes((kind, length)) + content
    packed = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((kind, 0x80 | len(packed))) + packed + content


def integer(value: int) -> bytes:
    return item(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def oid(dotted: str) -> bytes:
    """``1.3.6.1`` as an element."""
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    packed = bytearray([first * 40 + second])
    for arc in rest:
        septets = [arc & 0x7F]
        while arc := arc >> 7:
            septets.append(arc & 0x7F | 0x80)
        packed += bytes(reversed(septets))
    return item(OID, bytes(packed))


def dotted(content: bytes) -> str:
    """Raises ValueError for what is no object identifier."""
    if not content or content[-1] & 0x80 or len(content) > 512:
        raise ValueError("not an object identifier")
    arcs = [min(content[0] // 40, 2)]
    arcs.append(content[0] - arcs[0] * 40)
    arc = 0
    for octet in content[1:]:
        arc = arc << 7 | octet & 0x7F
        if arc > _LARGEST_ARC:
            raise ValueError("not an object identifier")
        if not octet & 0x80:
            arcs.append(arc)
            arc = 0
    return ".".join(map(str, arcs))
