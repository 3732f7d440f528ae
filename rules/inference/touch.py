"""What one active cause does to the looks that exercised its entity, as of when it began."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from rules.diagnosis import Key
from rules.inference.cause import Cause, Nats
from rules.inference.ground import Ground
from rules.inference.index import Index
from rules.inference.knowledge import Entry, Look
from rules.inference.outcomes import Reading, Sway, likelihood, sway
from wire.entity import Entity

Bearing = tuple[Reading, list[tuple[Entry, float]]]
"""A look, and the entries of a model that it can be a symptom of, each with the share of the traffic."""


class Touch(NamedTuple):
    """One look under one cause."""

    reading: Reading
    produces: bool
    miss: Nats

    @property
    def weight(self) -> Nats:
        """What the look says of the cause, were it the only one."""
        if self.produces:
            return likelihood(self.reading, 0, self.miss)
        return likelihood(self.reading, self.miss, 0)


@dataclass(frozen=True)
class Scene:
    """What is known, and what it bears on, at the moment of one inference."""

    ground: Ground
    index: Index
    touches: Touches


class Touches:
    """The touches of each cause, worked out once per episode of it."""

    def __init__(self, ground: Ground, index: Index) -> None:
        self._ground = ground
        self._index = index
        self._known: dict[tuple[Cause, float], tuple[Touch, ...]] = {}

    def of(self, cause: Cause, onset: float) -> tuple[Touch, ...]:
        """All looks that the cause bears on if it began at ``onset``."""
        key = (cause, onset)
        if key not in self._known:
            self._known[key] = tuple(self.newest(cause, onset))
        return self._known[key]

    def newest(self, cause: Cause, onset: float) -> Iterator[Touch]:
        """The same one by one, the newest of each signal first: for sums that may end early."""
        return self._judged(self._bearing(cause, self._index.newest), onset)

    def in_order(self, cause: Cause, onset: float) -> Iterator[Touch]:
        """The same one by one, by signal and key: for what is cited."""
        return self._judged(self._bearing(cause, self._index.in_order), onset)

    @staticmethod
    def _judged(bearing: Iterable[Bearing], onset: float) -> Iterator[Touch]:
        for reading, entries in bearing:
            kind, miss = sway(reading, entries)
            if kind is Sway.PRODUCES and reading.since >= onset - reading.clock_error:
                yield Touch(reading, True, miss)
            elif kind is Sway.BLOCKS and reading.confirmed_at > onset + reading.clock_error:
                yield Touch(reading, False, miss)

    def _bearing(self, cause: Cause, read: Callable[[Entity, Look], Iterable[Reading]]) -> Iterator[Bearing]:
        model = self._ground.model(cause)
        if model is None:
            return
        looks = [look for look in model.entries if self._index.at(cause.entity, look)]
        by_signal: dict[str, int] = {}
        for signal, _ in looks:
            by_signal[signal] = by_signal.get(signal, 0) + 1
        seen: set[Key] = set()
        for look in looks:
            alone = by_signal[look[0]] == 1
            for reading in read(cause.entity, look):
                if not alone:
                    if reading.key in seen:
                        continue
                    seen.add(reading.key)
                share = reading.share_of(cause.entity) if reading.share else 1.0
                relevant = [look] if alone else [o for o in looks if o[0] == look[0]]
                entries = [
                    (entry, share)
                    for other in relevant
                    if alone or reading.key in self._index.at(cause.entity, other)
                    for entry in model.entries[other]
                ]
                yield reading, entries
