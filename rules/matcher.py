"""Finds the log lines that mean something, and what each is about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import re2

from rules.matcher_engines import LINE_LIMIT, Engine, choose_engine, line_options
from rules.matcher_entity import NOWHERE, Places, entity_of, program_of
from rules.pattern import read_pattern
from rules.signatures import Breadth, Severity, Signature, load_signatures
from wire.entity import Entity

BEFORE = LINE_LIMIT * 3 // 4
"""Bytes before the end of a match that are looked at in a longer line."""


class Hit(msgspec.Struct, frozen=True, gc=False):
    """One matched line."""

    signature: Signature
    start: int
    """Offset of the line in the block."""
    line: bytes
    """Without its end, at most LINE_LIMIT bytes around the match."""
    groups: dict[str, str]

    @property
    def text(self) -> str:
        return self.line.decode("utf-8", "replace")

    def entity(self, host: str, program: str = "", places: Places = NOWHERE) -> Entity:
        """``program`` is who wrote the line, where the source tells; else a syslog prefix may."""
        template = self.signature.entity
        if not program and "{program}" in template:
            program = program_of(self.text)
        return entity_of(template, self.groups, host, program, places)


class Matcher:
    """Signatures compiled into one engine. Not safe for several threads at once.

    ``folder`` keeps the compiled form between starts. Of several signatures on one line the
    narrowest wins, then one that is not ``aside``, then the one that requires most literal text, then the
    worse severity, then the id.
    """

    def __init__(
        self,
        signatures: Sequence[Signature] | None = None,
        folder: Path | None = None,
        engine: Callable[[Sequence[str], Path | None], tuple[Engine, str]] = choose_engine,
    ) -> None:
        known = load_signatures() if signatures is None else signatures
        self.signatures = sorted(known, key=_rank)
        self._engine, self.why_not_hyperscan = engine([s.pattern for s in self.signatures], folder)
        self.engine = self._engine.name
        self._readers: list[_Reader | None] = [None] * len(self.signatures)

    def scan(self, block: bytes) -> list[Hit]:
        """At most one hit per line, in the order of the lines. The block is whole lines."""
        hits: list[Hit] = []
        stop = -1
        start = 0
        at = 0
        numbers: list[int] = []
        for end, number in self._engine.find(block):
            if end <= stop:
                numbers.append(number)
                continue
            if numbers:
                self._choose(block, (start, stop, at), numbers, hits)
            at = end
            start = block.rfind(b"\n", 0, end - 1) + 1
            stop = block.find(b"\n", end - 1)
            if stop < 0:
                stop = len(block)
            numbers = [number]
        if numbers:
            self._choose(block, (start, stop, at), numbers, hits)
        return hits

    def _choose(self, block: bytes, line: tuple[int, int, int], numbers: list[int], hits: list[Hit]) -> None:
        """Confirm the most specific candidate that truly matches this line."""
        start, last, at = line
        first = start
        if last - first > LINE_LIMIT:
            first = max(start, at - BEFORE)
            last = min(last, first + LINE_LIMIT)
        for number in numbers if len(numbers) == 1 else sorted(set(numbers)):
            reader = self._readers[number]
            if reader is None:
                reader = self._readers[number] = _Reader(self.signatures[number])
            groups = reader.read(block, first, last)
            if groups is not None:
                hits.append(Hit(reader.signature, start, block[first:last].rstrip(b"\r"), groups))
                return


class _Reader:
    """Confirms one signature and takes its groups; compiled on its first candidate."""

    def __init__(self, signature: Signature) -> None:
        self.signature = signature
        compiled = re2.compile(signature.pattern.encode(), line_options())
        self._search = compiled.search
        self._groups = [(name.decode(), index) for name, index in compiled.groupindex.items()]

    def read(self, block: bytes, first: int, last: int) -> dict[str, str] | None:
        found = self._search(block, first, last)
        if found is None:
            return None
        groups = {}
        for name, index in self._groups:
            start, stop = found.span(index)
            if start >= 0:
                groups[name] = block[start:stop].decode("utf-8", "replace")
        return groups


def _rank(signature: Signature) -> tuple[int, bool, int, int, str]:
    return (
        list(Breadth).index(signature.breadth),
        signature.aside,
        -read_pattern(signature.pattern).weight(),
        list(Severity).index(signature.severity),
        signature.id,
    )
