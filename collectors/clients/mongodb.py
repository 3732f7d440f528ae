"""Asks MongoDB for ``hello`` (OP_MSG) and reads the flat parts of its answer (BSON)."""

from __future__ import annotations

import struct

from collectors.clients.stream import Stream

OP_MSG = 2013
Flat = dict[str, str | float | bool]
_FIXED = {0x01: 8, 0x07: 12, 0x08: 1, 0x09: 8, 0x0A: 0, 0x10: 4, 0x11: 8, 0x12: 8, 0x13: 16, 0xFF: 0, 0x7F: 0}
_QUESTION = b"\x10hello\x00\x01\x00\x00\x00\x02$db\x00\x06\x00\x00\x00admin\x00"


def hello(stream: Stream) -> Flat:
    """Raises ValueError for what is no answer to it."""
    document = struct.pack("<i", len(_QUESTION) + 5) + _QUESTION + b"\0"
    body = struct.pack("<I", 0) + b"\0" + document
    stream.send(struct.pack("<iiii", len(body) + 16, 1, 0, OP_MSG) + body)
    length, _, _, code = struct.unpack("<iiii", stream.exactly(16))
    answer = stream.exactly(length - 16)
    if code != OP_MSG or len(answer) < 9:
        raise ValueError("no MongoDB")
    return flat(answer[5:])


def flat(document: bytes) -> Flat:
    """Texts, numbers and truth values of the outermost level; all else is passed over."""
    found: Flat = {}
    at, end = 4, min(len(document), struct.unpack_from("<i", document)[0])
    while at < end and document[at]:
        kind = document[at]
        stop = document.index(b"\0", at + 1)
        name = document[at + 1 : stop].decode("utf-8", "replace")
        at = stop + 1
        value, at = _value(kind, document, at)
        if value is not None:
            found[name] = value
    return found


def _value(kind: int, document: bytes, at: int) -> tuple[str | float | bool | None, int]:
    if kind in (0x02, 0x0D, 0x0E):
        (length,) = struct.unpack_from("<i", document, at)
        if length < 1:
            raise ValueError("a text without length")
        return document[at + 4 : at + 3 + length].decode("utf-8", "replace"), at + 4 + length
    if kind in (0x03, 0x04, 0x05):
        (length,) = struct.unpack_from("<i", document, at)
        if length < 0:
            raise ValueError("a document without length")
        return None, at + length + (5 if kind == 0x05 else 0)
    if kind not in _FIXED:
        raise ValueError(f"a value of kind {kind:#x}")
    after = at + _FIXED[kind]
    match kind:
        case 0x01:
            return float(struct.unpack_from("<d", document, at)[0]), after
        case 0x08:
            return bool(document[at]), after
        case 0x10:
            return float(struct.unpack_from("<i", document, at)[0]), after
        case 0x12:
            return float(struct.unpack_from("<q", document, at)[0]), after
    return None, after
