"""What one active cause does to the looks that exercised its entity, as of when it began."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter

import msgspec

from rules.diagnosis import Key
from rules.inference.cause import Cause, Nats
from rules.inference.crowd import Crowd
from rules.inference.ground import Ground
from rules.inference.index import Index
from rules.inference.knowledge import Answer, Look, Model, Question, Sway
from rules.inference.lot import MANY
from rules.inference.outcomes import Reading, likelihood, sway
from rules.models import Role
from wire.entity import Entity

REMEMBERED = 200_000
"""Entities of which touches are remembered, at most."""


class Touch(msgspec.Struct, frozen=True, gc=False):
    """One look under one cause."""

    reading: Reading
    produces: bool
    miss: Nats
    by_name: bool
    """It bears on the look only through the resolver that was asked."""

    def counts(self, onset: float) -> bool:
        """Does it, if the cause began then? What counts for one onset counts for every earlier one."""
        reading = self.reading
        if self.produces:
            return reading.since >= onset - reading.clock_error
        return reading.confirmed_at > onset + reading.clock_error

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


class _Since:
    """The touches of a cause from the earliest onset on that was asked about."""

    __slots__ = ("_all", "_at", "first")

    def __init__(self, first: float, touches: tuple[Touch, ...]) -> None:
        self.first = first
        self._all = touches
        self._at = {first: touches}

    def at(self, onset: float) -> tuple[Touch, ...]:
        if not self._all:
            return self._all
        found = self._at.get(onset)
        if found is None:
            found = self._at[onset] = tuple([each for each in self._all if each.counts(onset)])
        return found


class Touches:
    """The touches of each cause, worked out once per episode of it while no look at its entity changes."""

    def __init__(self, ground: Ground, index: Index, crowd: Crowd) -> None:
        self._ground = ground
        self._index = index
        self._crowd = crowd
        self._known: dict[Entity, dict[str, _Since]] = {}
        """By entity and name of the cause."""
        self.watched: set[Entity] = set()
        """The entities whose looks were asked for: what was concluded from them rests on these."""
        self.earliest = float("inf")
        """When the first of all symptoms began."""

    def forget(self, entities: Iterable[Entity]) -> None:
        """The looks at these have changed, or been confirmed."""
        if len(self._known) > REMEMBERED:
            self._known.clear()
        for entity in entities:
            self._known.pop(entity, None)

    def forget_all(self) -> None:
        self._known.clear()

    def of(self, cause: Cause, onset: float) -> tuple[Touch, ...]:
        """All looks that the cause bears on if it began at ``onset``."""
        self.watched.add(cause.entity)
        here = self._known.get(cause.entity)
        if here is None:
            here = self._known[cause.entity] = {}
        known = here.get(cause.name)
        if known is None or onset < known.first:
            known = here[cause.name] = _Since(onset, tuple(self.newest(cause, onset)))
        return known.at(onset)

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
            usual = model.sways.setdefault(same, {})
            looks = self._looks(cause.entity, look, here[look], onset, in_order=in_order)
            for reading in looks:
                error = reading.clock_error  # written out: so are most of a crowded place
                if reading.confirmed_at <= onset + error and reading.since < onset - error:
                    continue
                played, known = same, usual
                if len(same) > 1:
                    played = tuple(other for other in same if reading.key in here[other])
                    if played[0] != look:
                        continue
                    if len(played) < len(same):
                        known = model.sways.setdefault(played, {})
                question: Question = reading.reason
                if reading.share or reading.intermittent:
                    question = (reading.reason, reading.intermittent, reading.share_of(cause.entity))
                answer = known.get(question)
                if answer is None:
                    answer = known[question] = _answer(model, played, reading, cause.entity)
                kind, miss, by_name = answer
                if kind is not Sway.NONE:
                    touch = Touch(reading, kind is Sway.PRODUCES, miss, by_name)
                    if touch.counts(onset):
                        yield touch

    def _looks(
        self, entity: Entity, look: Look, looks: dict[Key, Reading], onset: float, *, in_order: bool
    ) -> Iterable[Reading]:
        """Where symptoms stand aside, as few of very many passes as of the symptoms."""
        share = self._crowd.share(look[0])
        if share < 1.0 and len(looks) > MANY:
            drawn = self._index.drawn(entity, look, share, min(onset, self.earliest))
            return sorted(drawn, key=attrgetter("key")) if in_order else drawn
        return self._index.in_order(entity, look) if in_order else reversed(looks.values())


def _answer(model: Model, looks: tuple[Look, ...], reading: Reading, entity: Entity) -> Answer:
    """Worked out once for all readings like it: it depends on little, and is asked very often."""
    share = reading.share_of(entity)
    entries = [(entry, share) for look in looks for entry in model.entries[look]]
    by_name = all(role is Role.RESOLVER for _, role in looks)
    return (*sway(reading, entries), by_name)
