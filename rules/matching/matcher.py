"""Finds the log lines that mean something, and what each is about."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from rules.matching.engines import (
    LAST_EVENT,
    LINE_LIMIT,
    NUMBER_BITS,
    NUMBER_MASK,
    Engine,
    Span,
    choose_engine,
)
from rules.matching.entities import NOWHERE, Places, entity_of, groups_of, program_of
from rules.matching.pattern import read_pattern
from rules.matching.plan import Plan, Planner
from rules.matching.signatures import Breadth, Meaning, Severity, Signature, load_signatures
from rules.reading.fields import fields_in
from rules.reading.lexicon import Lexicon, load_lexicon
from rules.reading.reader import Reader
from rules.reading.triggers import triggers
from wire.entity import Entity

BEFORE = LINE_LIMIT * 3 // 4
"""Bytes before the end of a match that are looked at in a longer line."""


class Hit(msgspec.Struct, frozen=True, gc=False):
    """One matched line."""

    signature: Meaning
    start: int
    """Offset of the line in the block."""
    line: bytes
    """Without its line feed, at most LINE_LIMIT bytes around the match."""
    groups: dict[str, str]

    @property
    def text(self) -> str:
        return self.line.rstrip(b"\r").decode("utf-8", "replace")

    def entity(self, host: str, program: str = "", places: Places = NOWHERE) -> Entity:
        """``program`` is who wrote the line, where the source tells; else a syslog prefix may."""
        template = self.signature.entity
        if not program and "{program}" in template:
            program = program_of(self.line)
        return entity_of(template, self.groups, host, program, places)


class Tally(msgspec.Struct, gc=False):
    """Lines of one block that say the same: one signature, one program, the same groups."""

    signature: Meaning
    key: object
    """Equal for what says the same, in this block and in others."""
    program: str
    """Who wrote them, where the entity asks for it and somebody knows."""
    first: Match
    count: int = 0
    starts: list[int] = msgspec.field(default_factory=list)
    """Where the first ones begin in the block, at most STARTS."""


STARTS = 8
Match = tuple[int, bytes, Plan]
"""Where the line begins, the part of it that is looked at, and what it comes to."""


class Matcher:
    """Signatures compiled into one engine. Not safe for several threads at once.

    ``folder`` keeps the compiled form between starts. Of several signatures on one line the
    narrowest wins, then a ``harmless`` one, then one that is not ``aside``, then the one that requires most
    literal text, then the worse severity, then the id. What none of them knows is read by the lexicon.
    """

    def __init__(
        self,
        signatures: Sequence[Signature] | None = None,
        folder: Path | None = None,
        engine: Callable[[Sequence[str], Path | None], tuple[Engine, str]] = choose_engine,
        lexicon: Lexicon | None = None,
    ) -> None:
        tables = load_lexicon() if lexicon is None else lexicon
        reader = Reader(tables)
        known = load_signatures() if signatures is None else signatures
        self.signatures = sorted(known, key=_rank)
        self.meanings: Sequence[Meaning] = (*self.signatures, *reader.forms)
        # Of a pattern that was taken apart nothing is kept: together they are as large as the rest of us.
        parted = [_parted(signature) for signature in self.signatures]
        self._names = [*(names for names, _ in parted), *(fields_in(form.entity) for form in reader.forms)]
        self._planner = Planner(self.signatures, self._names, reader)
        wanted = [*(text for _, text in parted), *triggers(tables)]
        self._engine, self.why_not_hyperscan = engine(wanted, folder)
        self.engine = self._engine.name

    def scan(self, block: bytes) -> list[Hit]:
        """At most one hit per line, in the order of the lines. The block is whole lines."""
        return [self.hit(match) for match in self._matches(block)]

    def tally(self, block: bytes, author: Callable[[int], str] | None = None) -> list[Tally]:
        """The same hits, those that say the same as one, in the order of the first of each.

        ``author`` knows the program of the line at an offset, for lines that do not tell it themselves.
        """
        tallies: dict[object, Tally] = {}
        for match in self._matches(block):
            start, line, plan = match
            program = ""
            key: object = plan.number
            if plan.authored:
                program = _cut(line, plan.program) if plan.program else author(start) if author else ""
                key = (key, program)
            if plan.groups:
                key = (key, *[line[first:stop] for first, stop in plan.groups])
            one = tallies.get(key)
            if one is None:
                one = tallies[key] = Tally(self.meanings[plan.number], key, program, match)
            one.count += 1
            if one.count <= STARTS:
                one.starts.append(start)
        return list(tallies.values())

    def forget(self) -> None:
        """Forget how lines were taken apart; they mean the same afterwards."""
        self._planner.forget()

    def hit(self, match: Match) -> Hit:
        start, line, plan = match
        groups = {
            name: _cut(line, span)
            for name, span in zip(self._names[plan.number], plan.groups, strict=True)
            if span[0] >= 0
        }
        return Hit(self.meanings[plan.number], start, line, groups)

    def _matches(self, block: bytes) -> Iterator[Match]:
        """The lines that mean something."""
        # Most of what a flood costs is spent here, hence no calls but those of the block itself.
        find, rfind, plan = block.find, block.rfind, self._planner.plan
        start = stop = last = 0
        line = b""
        numbers: list[int] = []
        for event in (*self._engine.find(block), LAST_EVENT):
            if event < last:
                numbers.append(event & NUMBER_MASK)
                continue
            if numbers:
                found = plan(line, numbers)
                if found.number >= 0:
                    yield start, line, found
            if event == LAST_EVENT:
                return
            end = event >> NUMBER_BITS
            start = rfind(b"\n", 0, end - 1) + 1
            stop = find(b"\n", end - 1)
            if stop < 0:
                stop = len(block)
            last = stop + 1 << NUMBER_BITS
            numbers = [event & NUMBER_MASK]
            line = block[start:stop] if stop - start <= LINE_LIMIT else _around(block, start, stop, end)


def _around(block: bytes, start: int, stop: int, end: int) -> bytes:
    """The part of a long line around the end of its first match."""
    first = max(start, end - BEFORE)
    return block[first : min(stop, first + LINE_LIMIT)]


def _cut(line: bytes, span: Span) -> str:
    return line[slice(*span)].decode("utf-8", "replace")


def _parted(signature: Signature) -> tuple[tuple[str, ...], str]:
    """The groups that its entity needs, and what the engine looks for."""
    pattern = read_pattern(signature.pattern)
    names = groups_of(signature.entity, pattern.groups)
    # Whose groups are taken is confirmed anyway. Of the others the engine's word is enough.
    return names, pattern.hint() if names else pattern.shortest()


def _rank(signature: Signature) -> tuple[int, bool, bool, int, int, str]:
    return (
        list(Breadth).index(signature.breadth),
        not signature.harmless,
        signature.waits,
        -read_pattern(signature.pattern).weight(),
        list(Severity).index(signature.severity),
        signature.id,
    )
