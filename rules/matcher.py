"""Finds the log lines that mean something, and what each is about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import re2

from rules.matcher_engines import LINE_LIMIT, Engine, choose_engine, line_options
from rules.matcher_entity import NOWHERE, Places, entity_of, groups_of, program_of
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
            program = program_of(self.line)
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
        left = self._candidates(block)
        while left:
            # One pattern after the other, not one line after the other: each pattern's automaton is large,
            # and going to and fro between them would empty the processor's caches for each line.
            left.sort(key=_by_number)
            left = [line for line in left if not self._confirm(block, line, hits)]
        hits.sort(key=_by_start)
        return hits

    def _candidates(self, block: bytes) -> list[_Line]:
        lines: list[_Line] = []
        stop = -1
        for end, number in self._engine.find(block):
            if end <= stop:
                lines[-1].numbers.append(number)
                continue
            start = block.rfind(b"\n", 0, end - 1) + 1
            stop = block.find(b"\n", end - 1)
            if stop < 0:
                stop = len(block)
            if stop - start <= LINE_LIMIT:
                lines.append(_Line(start, start, stop, [number]))
            else:
                first = max(start, end - BEFORE)
                lines.append(_Line(start, first, min(stop, first + LINE_LIMIT), [number]))
        for line in lines:
            if len(line.numbers) > 1:
                line.numbers = sorted(set(line.numbers), reverse=True)
        return lines

    def _confirm(self, block: bytes, line: _Line, hits: list[Hit]) -> bool:
        """Whether the line is done with: its most specific candidate truly matches, or none is left."""
        number = line.numbers.pop()
        reader = self._readers[number]
        if reader is None:
            reader = self._readers[number] = _Reader(self.signatures[number])
        groups = reader.read(block, line.first, line.last)
        if groups is not None:
            text = block[line.first : line.last].rstrip(b"\r")
            hits.append(Hit(reader.signature, line.start, text, groups))
            return True
        return not line.numbers


class _Line(msgspec.Struct, gc=False):
    """A line with candidates."""

    start: int
    first: int
    last: int
    """From ``first`` to ``last`` it is looked at."""
    numbers: list[int]
    """Of the patterns; the most specific one stands last."""


def _by_number(line: _Line) -> int:
    return line.numbers[-1]


def _by_start(hit: Hit) -> int:
    return hit.start


class _Reader:
    """Confirms one signature and takes the groups its entity needs; compiled on its first candidate."""

    def __init__(self, signature: Signature) -> None:
        self.signature = signature
        pattern = read_pattern(signature.pattern)
        self._names = groups_of(signature.entity, pattern.groups)
        self._search = re2.compile(pattern.capturing(self._names).encode(), line_options()).search

    def read(self, block: bytes, first: int, last: int) -> dict[str, str] | None:
        found = self._search(block, first, last)
        if found is None:
            return None
        if not self._names:
            return _NO_GROUPS
        groups = {}
        for index, name in enumerate(self._names, 1):
            start, stop = found.span(index)
            if start >= 0:
                groups[name] = block[start:stop].decode("utf-8", "replace")
        return groups


_NO_GROUPS: dict[str, str] = {}


def _rank(signature: Signature) -> tuple[int, bool, int, int, str]:
    return (
        list(Breadth).index(signature.breadth),
        signature.aside,
        -read_pattern(signature.pattern).weight(),
        list(Severity).index(signature.severity),
        signature.id,
    )
