"""How a line is taken apart, remembered for all lines that differ from it in digits alone.

A flood repeats itself but for its numbers. So the choice among signatures and the search for groups is
done once per shape; for the other lines of that shape what is left is to cut the groups out.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from rules.matching.engines import Span, Spans, spans_of
from rules.matching.entities import program_in
from rules.matching.pattern import read_pattern
from rules.matching.signatures import Meaning, Signature
from rules.reading.fields import find_fields
from rules.reading.reader import Reader
from rules.reading.unsaid import count_behind, quoted

SHAPES = 2048
"""So many are remembered; then all are forgotten."""
LONGEST = 384
"""Bytes of a line whose shape is remembered."""
SAME_DIGITS = bytes.maketrans(b"0123456789", b"0000000000")


class Plan(msgspec.Struct, frozen=True, gc=False):
    """What the candidates of a line come to."""

    candidates: list[int]
    number: int
    """Of the signature that speaks for the line, behind them all of the form; -1 for none."""
    program: Span | None = None
    """Where the line says who wrote it, if that matters."""
    authored: bool = False
    """It matters who wrote the line."""
    groups: tuple[Span, ...] = ()
    """Those that the entity needs, -1 for what is missing."""


class Planner:
    """``names``: the groups that each signature's entity needs.

    A candidate behind the last signature says that the line is worth reading.
    """

    def __init__(
        self, signatures: Sequence[Signature], names: Sequence[tuple[str, ...]], reader: Reader
    ) -> None:
        self._signatures = signatures
        self._names = names
        self._reader = reader
        self._searches: dict[int, tuple[Spans, bool]] = {}
        self._known: dict[bytes, Plan] = {}

    def plan(self, line: bytes, candidates: list[int]) -> Plan:
        shape = line.translate(SAME_DIGITS)
        known = self._known.get(shape)
        if known is not None and known.candidates == candidates:
            return known
        found, lasting = self._make(line, candidates)
        if lasting and len(line) <= LONGEST:
            if len(self._known) >= SHAPES:
                self.forget()
            self._known[shape] = found
        return found

    def forget(self) -> None:
        self._known.clear()

    def _make(self, line: bytes, candidates: list[int]) -> tuple[Plan, bool]:
        """The most specific candidate that truly matches, and whether digits were no matter."""
        lasting = True
        for number in sorted(set(candidates)):
            if number >= len(self._signatures):
                said = self._reader.read(line)
                lasting = lasting and not said.minds_numbers
                if said.form < 0:
                    break
                form = self._reader.forms[said.form]
                found = find_fields(form.entity, line)
                return self._plan(candidates, len(self._signatures) + said.form, form, line, found), lasting
            search, minds_digits = self._search(number)
            if self._names[number]:
                lasting = lasting and not minds_digits
            whole, *spans = search(line)
            if whole[0] < 0:
                continue
            signature = self._signatures[number]
            if signature.harmless:
                break
            if quoted(line, whole):
                continue
            if (count := count_behind(line, whole)) is not None:
                lasting = False
                if not count:
                    continue
            return self._plan(candidates, number, signature, line, spans), lasting
        return Plan(candidates, -1), lasting

    @staticmethod
    def _plan(
        candidates: list[int], number: int, meaning: Meaning, line: bytes, spans: Sequence[Span]
    ) -> Plan:
        program = program_in(line) if meaning.authored else None
        return Plan(candidates, number, program, meaning.authored, tuple(spans))

    def _search(self, number: int) -> tuple[Spans, bool]:
        """Compiled on the first candidate: few signatures are ever met on one host."""
        known = self._searches.get(number)
        if known is None:
            pattern = read_pattern(self._signatures[number].pattern)
            search = spans_of(pattern.capturing(self._names[number]))
            known = self._searches[number] = (search, pattern.minds_digits)
        return known
