"""What one active cause does to the looks that exercised its entity, as of when it began."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import NamedTuple

from rules.inference.cause import Cause, Nats
from rules.inference.crowd import MANY, Crowd
from rules.inference.ground import Ground
from rules.inference.index import Index
from rules.inference.knowledge import Look, Model, Sway
from rules.inference.outcomes import Reading, likelihood, sway
from rules.models import Role
from wire.entity import Entity


class Touch(NamedTuple):
    """One look under one cause."""

    reading: Reading
    produces: bool
    miss: Nats
    by_name: bool
    """It bears on the look only through the resolver that was asked."""

    @property
    def weight(self) -> Nats:
        """What the look says of the cause, were it the only one."""
        if self.produces:
            return likelihood(self.reading, 0, self.miss)
        return likelihood(self.reading, self.miss, 0)

    def beside(self, missed: Nats) -> Nats:
        """What a symptom says of the cause where others explain it too: their sum of log(1 − strength)."""
        return likelihood(self.reading, 0, self.miss + missed) - likelihood(self.reading, 0, missed)


@dataclass(frozen=True)
class Scene:
    """What is known, and what it bears on, at the moment of one inference."""

    ground: Ground
    index: Index
    touches: Touches


class Touches:
    """The touches of each cause, worked out once per episode of it."""

    def __init__(self, ground: Ground, index: Index, crowd: Crowd) -> None:
        self._ground = ground
        self._index = index
        self._crowd = crowd
        self._known: dict[tuple[Cause, float], tuple[Touch, ...]] = {}
        self.watched: set[Entity] = set()
        """The entities whose looks were asked for: what was concluded from them rests on these."""

    def of(self, cause: Cause, onset: float) -> tuple[Touch, ...]:
        """All looks that the cause bears on if it began at ``onset``."""
        key = (cause, onset)
        self.watched.add(cause.entity)
        if key not in self._known:
            self._known[key] = tuple(self.newest(cause, onset))
        return self._known[key]

    def newest(self, cause: Cause, onset: float) -> Iterator[Touch]:
        """The same one by one, the newest of each signal first: for sums that may end early."""
        return self._judged(cause, onset, in_order=False)

    def in_order(self, cause: Cause, onset: float) -> Iterator[Touch]:
        """The same one by one, by signal and key: for what is cited."""
        return self._judged(cause, onset, in_order=True)

    def _judged(self, cause: Cause, onset: float, *, in_order: bool) -> Iterator[Touch]:
        model = self._ground.model(cause)
        if model is None:
            return
        here = self._index.here(cause.entity)
        present = sorted(look for look in here if look in model.entries)
        for look in present:
            same = (look,) if len(present) == 1 else tuple(each for each in present if each[0] == look[0])
            for reading in self._looks(cause.entity, look, len(here[look]), in_order=in_order):
                played = same
                if len(same) > 1:
                    played = tuple(other for other in same if reading.key in here[other])
                    if played[0] != look:
                        continue
                kind, miss, by_name = self._sway(model, played, reading, cause.entity)
                if kind is Sway.PRODUCES:
                    if reading.since >= onset - reading.clock_error:
                        yield Touch(reading, True, miss, by_name)
                elif kind is Sway.BLOCKS and reading.confirmed_at > onset + reading.clock_error:
                    yield Touch(reading, False, miss, by_name)

    def _looks(self, entity: Entity, look: Look, count: int, *, in_order: bool) -> Iterable[Reading]:
        """Where symptoms stand aside, as few of very many passes as of the symptoms."""
        share = self._crowd.share(look[0])
        if share < 1.0 and count > MANY:
            drawn = self._index.drawn(entity, look, share)
            return sorted(drawn, key=attrgetter("key")) if in_order else drawn
        return self._index.in_order(entity, look) if in_order else self._index.newest(entity, look)

    @staticmethod
    def _sway(
        model: Model, looks: tuple[Look, ...], reading: Reading, entity: Entity
    ) -> tuple[Sway, Nats, bool]:
        """Remembered with the model: it depends on little, and is asked for each of very many looks."""
        share = reading.share_of(entity) if reading.share else 1.0
        question = (looks, reading.reason, reading.intermittent, share)
        known = model.sways.get(question)
        if known is None:
            entries = [(entry, share) for look in looks for entry in model.entries[look]]
            by_name = all(role is Role.RESOLVER for _, role in looks)
            known = model.sways[question] = (*sway(reading, entries), by_name)
        return known
