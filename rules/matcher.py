"""Finds the log lines that mean something, and what each is about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import re2

from rules.matcher_engines import LINE_LIMIT, Engine, choose_engine, line_options, searched
from rules.matcher_entity import NOWHERE, Places, entity_of, groups_of, program_of
from rules.pattern import Pattern, read_pattern
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
        self._readers = [_reader(signature) for signature in self.signatures]

    def scan(self, block: bytes) -> list[Hit]:
        """At most one hit per line, in the order of the lines. The block is whole lines."""
        hits: list[Hit] = []
        unsure = [line for line in self._candidates(block) if not self._sure(line, hits)]
        while unsure:
            # One pattern after the other, not one line after the other: each pattern's automaton is large,
            # and going to and fro between them would empty the processor's caches for each line.
            unsure.sort(key=_by_number)
            unsure = [line for line in unsure if not self._read(line, hits)]
        hits.sort(key=_by_start)
        return hits

    def _candidates(self, block: bytes) -> list[_Line]:
        lines: list[_Line] = []
        numbers: list[int] = []
        stop = -1
        for end, number in self._engine.find(block):
            if end <= stop:
                numbers.append(number)
                continue
            start = block.rfind(b"\n", 0, end - 1) + 1
            stop = block.find(b"\n", end - 1)
            if stop < 0:
                stop = len(block)
            first = start if stop - start <= LINE_LIMIT else max(start, end - BEFORE)
            numbers = [number]
            lines.append(_Line(start, block[first : min(stop, first + LINE_LIMIT)].rstrip(b"\r"), numbers))
        return lines

    def _sure(self, line: _Line, hits: list[Hit]) -> bool:
        """Whether the engine has told all that is to be known of the line."""
        numbers = line.numbers
        if len(numbers) > 1:
            numbers.sort(reverse=True)
        reader = self._readers[numbers[-1]]
        if reader is not None:
            return False
        hits.append(Hit(self.signatures[numbers[-1]], line.start, line.text, _NO_GROUPS))
        return True

    def _read(self, line: _Line, hits: list[Hit]) -> bool:
        """Whether the line is done with: its most specific candidate truly matches, or none is left."""
        numbers = line.numbers
        number = numbers.pop()
        while numbers and numbers[-1] == number:
            numbers.pop()
        reader = self._readers[number]
        groups = _NO_GROUPS if reader is None else reader.read(line.text)
        if groups is not None:
            hits.append(Hit(self.signatures[number], line.start, line.text, groups))
            return True
        return not numbers


class _Line(msgspec.Struct, gc=False):
    """A line with candidates."""

    start: int
    text: bytes
    """At most LINE_LIMIT bytes around the first match."""
    numbers: list[int]
    """Of the patterns; the most specific one stands last."""


def _by_number(line: _Line) -> int:
    return line.numbers[-1]


def _by_start(hit: Hit) -> int:
    return hit.start


class _Reader:
    """Confirms one signature and takes the groups its entity needs; compiled on its first candidate."""

    def __init__(self, pattern: Pattern, names: tuple[str, ...]) -> None:
        self._pattern = pattern
        self._names = names
        self._search: Callable[[bytes], Any] | None = None

    def read(self, line: bytes) -> dict[str, str] | None:
        if self._search is None:
            text = self._pattern.capturing(self._names).encode()
            self._search = re2.compile(text, line_options()).search
        found = self._search(line)
        if found is None:
            return None
        groups = {}
        for name, value in zip(self._names, found.groups(), strict=True):
            if value is not None:
                groups[name] = value.decode("utf-8", "replace")
        return groups


def _reader(signature: Signature) -> _Reader | None:
    """None where the engine's word is enough."""
    pattern = read_pattern(signature.pattern)
    names = groups_of(signature.entity, pattern.groups)
    _, exact = searched(signature.pattern)
    return None if exact and not names else _Reader(pattern, names)


_NO_GROUPS: dict[str, str] = {}


def _rank(signature: Signature) -> tuple[int, bool, int, int, str]:
    return (
        list(Breadth).index(signature.breadth),
        signature.aside,
        -read_pattern(signature.pattern).weight(),
        list(Severity).index(signature.severity),
        signature.id,
    )
