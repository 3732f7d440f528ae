"""One JSON line per log line, fast enough for big files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from rules.matching.matcher import Hit, Matcher

BLOCK = 4 * 1024 * 1024
"""Bytes read at once; one line may be longer."""

NOTHING = b',"signature":null,"signal":null,"fault":null,"entity":null,"severity":null}\n'


class Match(msgspec.Struct):
    """What is printed for a line that means something."""

    n: int
    """Number of the line, from 1."""
    signature: str
    signal: str
    fault: str | None
    entity: str
    severity: str


def match_stream(source: BinaryIO, host: str, matcher: Matcher) -> Iterator[bytes]:
    """Blocks of output, in the order of the lines."""
    encode = msgspec.json.Encoder().encode
    number = 1
    for block in blocks(source):
        out: list[bytes] = []
        at = 0
        for hit in matcher.scan(block):
            if not hit.signature.alarm:
                continue
            skipped = block.count(b"\n", at, hit.start)
            out += [b'{"n":%d' % n + NOTHING for n in range(number, number + skipped)]
            number += skipped
            out += [encode(_match(hit, number, host)), b"\n"]
            number += 1
            end = block.find(b"\n", hit.start)
            at = end + 1 if end >= 0 else len(block)
        left = block.count(b"\n", at) + (not block.endswith(b"\n") and at < len(block))
        out += [b'{"n":%d' % n + NOTHING for n in range(number, number + left)]
        number += left
        yield b"".join(out)


def blocks(source: BinaryIO) -> Iterator[bytes]:
    """Whole lines; what comes slowly is not waited for."""
    parts: list[bytes] = []
    while data := (source.read1(BLOCK) if hasattr(source, "read1") else source.read(BLOCK)):
        end = data.rfind(b"\n") + 1
        if not end:
            parts.append(data)
            continue
        yield b"".join([*parts, data[:end]])
        parts = [data[end:]] if end < len(data) else []
    if parts:
        yield b"".join(parts)


def _match(hit: Hit, number: int, host: str) -> Match:
    signature = hit.signature
    return Match(
        n=number,
        signature=signature.id,
        signal=signature.signal,
        fault=signature.fault,
        entity=hit.entity(host),
        severity=signature.severity.value,
    )
