"""Of very many symptoms that say the same, some are weighed; the rest go with the root that explains them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
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


class Change(NamedTuple):
    """What follows from one more reading: these are weighed from now on, those no longer."""

    weighed: tuple[Reading, ...] = ()
    set_aside: tuple[Reading, ...] = ()


class _Some:
    """The symptoms of one kind. Heaps of (hash, key), from which what has left is taken when it comes up."""

    __slots__ = ("chosen", "last", "next", "waiting")

    def __init__(self) -> None:
        self.chosen: dict[Key, Reading] = {}
        self.waiting: dict[Key, Reading] = {}
        self.last: list[tuple[int, Key]] = []
        """Of the chosen, the one with the highest hash first."""
        self.next: list[tuple[int, Key]] = []
        """Of those that wait, the one with the lowest hash first."""

    @property
    def size(self) -> int:
        return len(self.chosen) + len(self.waiting)

    @property
    def highest(self) -> int:
        """The highest hash of the chosen."""
        while self.last[0][1] not in self.chosen:
            heappop(self.last)
        return -self.last[0][0]

    def pop_highest(self) -> Reading:
        """Takes the one with the highest hash out of the chosen."""
        while True:
            _, key = heappop(self.last)
            if key in self.chosen:
                return self.chosen.pop(key)


class Crowd:
    """Chosen by a hash of their keys, so that which are weighed does not depend on the order of arrival."""

    def __init__(self) -> None:
        self._kinds: dict[Kind, _Some] = {}
        self._kind_of: dict[Key, Kind] = {}
        self._released: dict[Key, Kind] = {}
        self.near: dict[Entity, int] = {}
        """Entities that some who stand aside are about: their other looks are not the whole story."""
        self._turned: set[Entity] = set()
        self._shares: dict[str, float] = {}
        self._news: dict[Key, Reading | None] = {}
        self.revision = 0
        """Rises whenever somebody steps aside or comes back, or says something else meanwhile."""

    def put(self, reading: Reading) -> Change:
        """A key's latest reading; passes and rare symptoms are always weighed."""
        key = reading.key
        kind = (reading.signal, reading.reason, reading.intermittent) if reading.is_symptom else None
        back: tuple[Reading, ...] = ()
        if kind is None or self._kind_of.get(key, kind) != kind:
            back = self.drop(key)
        if kind is None or key in self._released:
            return Change((reading, *back))
        some = self._kinds.setdefault(kind, _Some())
        if key in some.chosen:
            some.chosen[key] = reading
            return Change((reading, *back))
        if key in some.waiting:
            self._stay(some, reading)
            return Change(back)
        self._kind_of[key] = kind
        return self._enter(some, reading, back)

    def drop(self, key: Key) -> tuple[Reading, ...]:
        """The key is no symptom of this kind any longer; returns who is weighed in its place."""
        self._released.pop(key, None)
        kind = self._kind_of.pop(key, None)
        if kind is None:
            return ()
        some = self._kinds[kind]
        if some.chosen.pop(key, None) is None:
            self._leave(some, key)
        room = (WEIGHED if some.size > MANY else MANY) - len(some.chosen)
        back = self._called(some, room) if some.waiting else []
        for each in back:
            self._leave(some, each.key)
            self._choose(some, each)
        return tuple(back)

    def waiting(self, key: Key) -> Reading | None:
        """What this key says, if it stands aside."""
        kind = self._kind_of.get(key)
        return None if kind is None else self._kinds[kind].waiting.get(key)

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

    def _enter(self, some: _Some, reading: Reading, back: tuple[Reading, ...]) -> Change:
        if some.waiting and reading.lot > some.highest:
            self._wait(some, reading)
            return Change(back, (reading,))
        self._choose(some, reading)
        gone = []
        while len(some.chosen) > (WEIGHED if some.size > MANY else MANY):
            gone.append(some.pop_highest())
            self._wait(some, gone[-1])
        stays = () if any(each is reading for each in gone) else (reading,)
        return Change((*stays, *back), tuple(gone))

    @staticmethod
    def _choose(some: _Some, reading: Reading) -> None:
        some.chosen[reading.key] = reading
        heappush(some.last, (-reading.lot, reading.key))

    def _wait(self, some: _Some, reading: Reading) -> None:
        some.waiting[reading.key] = self._news[reading.key] = reading
        heappush(some.next, (reading.lot, reading.key))
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

    @staticmethod
    def _called(some: _Some, room: int) -> list[Reading]:
        """The next in line, as far as there are any."""
        found: dict[Key, Reading] = {}
        while some.next and len(found) < room:
            _, key = heappop(some.next)
            if key in some.waiting:
                found[key] = some.waiting[key]
        return list(found.values())
