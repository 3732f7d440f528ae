"""Reads netstat -i, and any text of netstat or ss that lists no socket."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from collectors.host import JSON, Host
from collectors.parsing import lines_of
from collectors.source import Source
from wire.judgement import Judgement

INTERFACES = ("RX-OK", "TX-OK")
MOST = 10_000


class Listing(msgspec.Struct, frozen=True):
    interfaces: dict[str, dict[str, int]]
    lines: int


def parse(raw: bytes) -> Listing:
    """Raises ValueError for an empty text."""
    lines = [line.split() for line in lines_of(raw)[:MOST] if line.strip()]
    if not lines:
        raise ValueError("empty")
    interfaces: dict[str, dict[str, int]] = {}
    head: list[str] = []
    for words in lines:
        if all(name in words for name in INTERFACES):
            head = words
        elif head and len(words) >= len(head) - 1:
            figures = zip(head[1:], words[1:], strict=False)
            interfaces[words[0]] = {name: int(word) for name, word in figures if word.isdigit()}
    return Listing(interfaces, len(lines))


def judge(listing: Listing, host: Host) -> Iterable[Judgement]:
    del listing, host
    return ()


def facts(listing: Listing) -> dict[str, JSON]:
    return {"interfaces": listing.interfaces, "lines": listing.lines}


SOURCE = Source(kinds=("netstat", "netstat_i", "ss"), parse=parse, judge=judge, facts=facts)
