"""Of very many symptoms that say the same, some are weighed; the rest go with the root that explains them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from heapq import nsmallest
from operator import attrgetter
from typing import NamedTuple

from rules.diagnosis import Key
from rules.inference.lot import MANY
from rules.inference.outcomes import Reading
from rules.models import Role
from wire.entity import Entity
from wire.judgement import Reason

WEIGHED = 40
"""Of more symptoms of one signal and outcome, so many: further ones would tell no more of the same."""
NEAR = frozenset([Role.SELF, Role.HOST])
Kind = tuple[str, Reason, bool]
"""Signal, outcome, intermittent."""


class Sample(NamedTuple):
    """What follows from drawing anew: these are weighed from now on, those no longer."""

    weighed: tuple[Reading, ...] = ()
    set_aside: tuple[Reading, ...] = ()


class _Some:
    """The symptoms of one kind."""

    __slots__ = ("chosen", "joined", "waiting")

    def __init__(self) -> None:
        self.chosen: dict[Key, Reading] = {}
        self.waiting: dict[Key, Reading] = {}
        self.joined: dict[Key, Reading] = {}
        """Those that came since the sample was drawn."""

    def drawn(self) -> dict[Key, Reading]:
        """Those with the lowest hashes of all."""
        number = len(self.chosen) + len(self.joined) + len(self.waiting)
        most = WEIGHED if number > MANY else MANY
        few = [*self.chosen.values(), *self.joined.values()]
        if len(self.chosen) < most:  # else whoever waits has a higher hash than any of them
            few += self.waiting.values()
        best = few if len(few) <= most else nsmallest(most, few, key=attrgetter("lot", "key"))
        return {each.key: each for each in best}


class Crowd:
    """Chosen by a hash of their keys, so that which are weighed does not depend on the order of arrival."""

    def __init__(self) -> None:
        self._kinds: dict[Kind, _Some] = {}
        self._kind_of: dict[Key, Kind] = {}
        self._released: dict[Key, Kind] = {}
        self._changed: dict[Kind, None] = {}
        """Kinds of which somebody came or went since the sample was drawn."""
        self.near: dict[Entity, int] = {}
        """Entities that some who stand aside are about: their other looks are not the whole story."""
        self._turned: set[Entity] = set()
        self._shares: dict[str, float] = {}
        self._news: dict[Key, Reading | None] = {}
        self.revision = 0
        """Rises whenever somebody steps aside or comes back, or says something else meanwhile."""

    def put(self, reading: Reading) -> bool:
        """A key's latest reading. Is it weighed at once? Passes are, and who was weighed already."""
        key = reading.key
        kind = (reading.signal, reading.reason, reading.intermittent) if reading.is_symptom else None
        if kind is None or self._kind_of.get(key, kind) != kind:
            self.drop(key)
        if kind is None or key in self._released:
            return True
        some = self._kinds.setdefault(kind, _Some())
        if key in some.chosen:
            some.chosen[key] = reading
            return True
        if key in some.waiting:
            self._stay(some, reading)
            return False
        some.joined[key] = reading
        self._kind_of[key] = kind
        self._changed[kind] = None
        return False

    def drop(self, key: Key) -> None:
        """The key is no symptom of this kind any longer; whoever is weighed in its place is drawn later."""
        self._released.pop(key, None)
        kind = self._kind_of.pop(key, None)
        if kind is None:
            return
        some = self._kinds[kind]
        if key in some.waiting:
            self._leave(some, key)
        elif some.chosen.pop(key, None) is None:
            del some.joined[key]
        self._changed[kind] = None

    def draw(self) -> Sample:
        """Who is weighed of each kind in which somebody came or went, before anything is concluded."""
        weighed: list[Reading] = []
        set_aside: list[Reading] = []
        for kind in self._changed:
            some = self._kinds[kind]
            before, some.chosen = some.chosen, some.drawn()
            for key in [key for key in some.chosen if key in some.waiting]:
                weighed.append(some.chosen[key])
                self._leave(some, key)
            weighed += [each for key, each in some.joined.items() if key in some.chosen]
            gone = [each for key, each in before.items() if key not in some.chosen]
            for each in (*gone, *(each for key, each in some.joined.items() if key not in some.chosen)):
                self._wait(some, each)
            set_aside += gone
            some.joined = {}
        self._changed.clear()
        return Sample(tuple(weighed), tuple(set_aside))

    def waiting(self, key: Key) -> Reading | None:
        """What this key says, if it stands aside or is not drawn yet."""
        kind = self._kind_of.get(key)
        if kind is None:
            return None
        some = self._kinds[kind]
        return some.waiting.get(key) or some.joined.get(key)

    def aside(self) -> Iterator[Reading]:
        """Everyone who is not weighed."""
        for some in self._kinds.values():
            yield from some.waiting.values()

    def news(self) -> dict[Key, Reading | None]:
        """What those who stand aside say since this was last asked; None: the key does so no longer."""
        told, self._news = self._news, {}
        return told

    def turned(self) -> set[Entity]:
        """The entities about which somebody stands aside, or nobody does any longer, since this was asked."""
        turned, self._turned = self._turned, set()
        return turned

    def is_behind(self, keys: Iterable[Key]) -> bool:
        """Does anybody stand aside who says the same as one of these?"""
        kinds = {self._kind_of[key] for key in keys if key in self._kind_of}
        return any(self._kinds[kind].waiting for kind in kinds)

    def release(self, keys: Iterable[Key]) -> list[Reading]:
        """These are weighed after all, for as long as they fail."""
        found = []
        for key in keys:
            kind = self._released[key] = self._kind_of[key]
            found.append(self._kinds[kind].waiting[key])
            self._leave(self._kinds[kind], key)
            del self._kind_of[key]
        return found

    def share(self, signal: str) -> float:
        """Which part of the symptoms of this signal is weighed, as a power of two: 1, 1/2, 1/4 …"""
        return self._shares.get(signal, 1.0)

    def shares(self) -> dict[str, float]:
        """The same anew, for every signal of which somebody stands aside."""
        chosen: Counter[str] = Counter()
        waiting: Counter[str] = Counter()
        for kind, some in self._kinds.items():
            chosen[kind[0]] += len(some.chosen)
            waiting[kind[0]] += len(some.waiting)
        self._shares = {
            signal: 2.0 ** -((chosen[signal] + number) // chosen[signal]).bit_length() * 2.0
            for signal, number in waiting.items()
            if number
        }
        return self._shares

    def _wait(self, some: _Some, reading: Reading) -> None:
        some.waiting[reading.key] = self._news[reading.key] = reading
        self._count(reading, 1)
        self.revision += 1

    def _stay(self, some: _Some, reading: Reading) -> None:
        """It waits already; that the same was seen again is no news."""
        known = some.waiting[reading.key]
        some.waiting[reading.key] = reading
        if known.exercised != reading.exercised:
            self._count(known, -1)
            self._count(reading, 1)
        elif known.id == reading.id:
            return
        self._news[reading.key] = reading
        self.revision += known.id != reading.id

    def _leave(self, some: _Some, key: Key) -> None:
        self._news[key] = None
        self._count(some.waiting.pop(key), -1)
        self.revision += 1

    def _count(self, reading: Reading, change: int) -> None:
        """One more or less stands aside who is about these entities."""
        for role, entity in reading.exercised:
            if role in NEAR:
                before = self.near.get(entity, 0)
                self.near[entity] = before + change
                if not before:
                    self._turned.add(entity)
                elif not self.near[entity]:
                    del self.near[entity]
                    self._turned.add(entity)
