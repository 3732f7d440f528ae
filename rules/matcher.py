"""Finds the log lines that mean something, and what each is about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from rules.matcher_engines import LINE_LIMIT, NUMBER_BITS, NUMBER_MASK, Engine, Spans, choose_engine, spans_of
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
    narrowest wins, then a ``harmless`` one, then one that is not ``aside``, then the one that requires most
    literal text, then the worse severity, then the id.
    """

    def __init__(
        self,
        signatures: Sequence[Signature] | None = None,
        folder: Path | None = None,
        engine: Callable[[Sequence[str], Path | None], tuple[Engine, str]] = choose_engine,
    ) -> None:
        known = load_signatures() if signatures is None else signatures
        self.signatures = sorted(known, key=_rank)
        self._readers: list[_Reader | None] = []
        wanted: list[str] = []
        for signature in self.signatures:
            pattern = read_pattern(signature.pattern)
            names = groups_of(signature.entity, pattern.groups)
            # Whose groups are taken is confirmed anyway. Of the others the engine's word is enough.
            wanted.append(pattern.hint() if names else pattern.shortest())
            self._readers.append(_Reader(pattern.capturing(names), names) if names else None)
        self._engine, self.why_not_hyperscan = engine(wanted, folder)
        self.engine = self._engine.name

    def scan(self, block: bytes) -> list[Hit]:
        """At most one hit per line, in the order of the lines. The block is whole lines."""
        hits: list[Hit] = []
        unsure: list[_Line] = []
        for start, stop, end, numbers in self._candidates(block):
            number = min(numbers)
            first = start if stop - start <= LINE_LIMIT else max(start, end - BEFORE)
            text = block[first : min(stop, first + LINE_LIMIT)].rstrip(b"\r")
            if self._readers[number] is None:
                hits.append(Hit(self.signatures[number], start, text, _NO_GROUPS))
            else:
                unsure.append(_Line(start, text, sorted(set(numbers), reverse=True)))
        while unsure:
            # One pattern after the other, not one line after the other: each pattern's automaton is large,
            # and going to and fro between them would empty the processor's caches for each line.
            unsure.sort(key=_by_number)
            unsure = [line for line in unsure if not self._read(line, hits)]
        hits.sort(key=_by_start)
        return [hit for hit in hits if not hit.signature.harmless]

    def _candidates(self, block: bytes) -> list[tuple[int, int, int, list[int]]]:
        """Start and stop of each line with candidates, the end of the first match, and the patterns."""
        lines: list[tuple[int, int, int, list[int]]] = []
        numbers: list[int] = []
        last = -1
        for event in self._engine.find(block):
            if event <= last:
                numbers.append(event & NUMBER_MASK)
                continue
            end = event >> NUMBER_BITS
            start = block.rfind(b"\n", 0, end - 1) + 1
            stop = block.find(b"\n", end - 1)
            if stop < 0:
                stop = len(block)
            last = stop << NUMBER_BITS | NUMBER_MASK
            numbers = [event & NUMBER_MASK]
            lines.append((start, stop, end, numbers))
        return lines

    def _read(self, line: _Line, hits: list[Hit]) -> bool:
        """Whether the line is done with: its most specific candidate truly matches, or none is left."""
        number = line.numbers.pop()
        reader = self._readers[number]
        groups = _NO_GROUPS if reader is None else reader.read(line.text)
        if groups is not None:
            hits.append(Hit(self.signatures[number], line.start, line.text, groups))
            return True
        return not line.numbers


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

    def __init__(self, pattern: str, names: tuple[str, ...]) -> None:
        self._pattern = pattern
        self._names = names
        self._spans: Spans | None = None

    def read(self, line: bytes) -> dict[str, str] | None:
        if self._spans is None:
            self._spans = spans_of(self._pattern)
        whole, *spans = self._spans(line)
        if whole[0] < 0:
            return None
        groups = {}
        for name, (start, stop) in zip(self._names, spans, strict=True):
            if start >= 0:
                groups[name] = line[start:stop].decode("utf-8", "replace")
        return groups


_NO_GROUPS: dict[str, str] = {}


def _rank(signature: Signature) -> tuple[int, bool, bool, int, int, str]:
    return (
        list(Breadth).index(signature.breadth),
        not signature.harmless,
        signature.aside,
        -read_pattern(signature.pattern).weight(),
        list(Severity).index(signature.severity),
        signature.id,
    )
