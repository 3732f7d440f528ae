"""How the switches hang together: the shortest ways between two of them, and what they cannot go around."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

from wire import entity as ids
from wire.entity import Entity

TREES = 128
"""Switches seen from which all others are remembered."""
PAIRS = 50_000
"""Pairs of switches between which the ways are remembered."""
LEAST_SHARE = 0.02
"""What fewer packets than this cross is left out."""


class Crossed(NamedTuple):
    """Something on the way."""

    entity: Entity
    share: float = 1.0
    """Probability that packets there and back cross it; below 1 where several ways are equally short."""
    avoidable: bool = False
    """There is a way around it, be it longer."""


class _Reached(NamedTuple):
    """All switches, seen from one."""

    hops: dict[Entity, int]
    ways: dict[Entity, int]
    """How many shortest ways lead there."""
    before: dict[Entity, list[Entity]]
    """The last switches on these ways, in order."""


class Trunks:
    """The switches as a graph; what was worked out is forgotten when a trunk changes."""

    def __init__(self) -> None:
        self._beside: dict[Entity, set[Entity]] = {}
        self._reached: dict[Entity, _Reached] = {}
        self._between: dict[tuple[Entity, Entity], tuple[Crossed, ...]] = {}
        self._parts: dict[Entity, int] | None = None
        self._size: Counter[int] = Counter()
        """Trunks in each part."""

    def add(self, one: Entity, other: Entity) -> None:
        self._beside.setdefault(one, set()).add(other)
        self._beside.setdefault(other, set()).add(one)
        self._forget()

    def clear(self) -> None:
        self._beside.clear()
        self._forget()

    def _forget(self) -> None:
        self._reached.clear()
        self._between.clear()
        self._parts = None

    def beside(self, switch: Entity) -> list[Entity]:
        return sorted(self._beside.get(switch, ()))

    def pairs(self) -> tuple[tuple[Entity, Entity], ...]:
        """Each trunk once, its ends in order."""
        return tuple(
            sorted((one, other) for one, others in self._beside.items() for other in others if one < other)
        )

    def is_bridge(self, one: Entity, other: Entity) -> bool:
        """Whether there is no way around this trunk: of several in one part, each lies on a ring."""
        part = self._in_parts()[trunk(one, other)]
        return self._size[part] == 1

    def between(self, start: Entity, end: Entity) -> tuple[Crossed, ...]:
        """Switches and trunks of the shortest ways, both ends included, the near ones first.

        Just the two where no way is known.
        """
        if start == end:
            return (Crossed(start),)
        known = self._between.get((start, end))
        if known is None:
            if len(self._between) >= PAIRS:
                self._between.clear()
            known = self._between[start, end] = self._find(start, end)
        return known

    def _find(self, start: Entity, end: Entity) -> tuple[Crossed, ...]:
        reached = self._from(start)
        if end not in reached.hops:
            return (Crossed(start), Crossed(end))
        needed = self._needed(reached, start, end)
        return tuple(
            Crossed(entity, _there_and_back(ways / reached.ways[end]), entity not in needed)
            for entity, ways in reversed(list(_on_the_way(reached, end)))
            if ways >= LEAST_SHARE * reached.ways[end]
        )

    def _from(self, start: Entity) -> _Reached:
        if start not in self._reached:
            if len(self._reached) >= TREES:
                self._reached.clear()
            self._reached[start] = self._seen_from(start)
        return self._reached[start]

    def _seen_from(self, start: Entity) -> _Reached:
        found = _Reached({start: 0}, {start: 1}, {start: []})
        ring = [start]
        while ring:
            onward: dict[Entity, None] = {}
            for here in ring:
                for there in self.beside(here):
                    if found.hops.setdefault(there, found.hops[here] + 1) == found.hops[here] + 1:
                        found.ways[there] = found.ways.get(there, 0) + found.ways[here]
                        found.before.setdefault(there, []).append(here)
                        onward[there] = None
            ring = sorted(onward)
        return found

    def _needed(self, reached: _Reached, start: Entity, end: Entity) -> set[Entity]:
        """What every way crosses, the longer ones too: the ends, and where a part of the graph meets another.

        Any one way tells: it goes through the same parts in the same order as all others.
        """
        steps = [end]
        while steps[-1] != start:
            steps.append(reached.before[steps[-1]][0])
        parts = self._in_parts()
        hops = list(pairwise(steps))
        needed = {start, end}
        needed |= {trunk(*hop) for hop in hops if self.is_bridge(*hop)}
        for (one, here), (_, other) in pairwise(hops):
            if parts[trunk(one, here)] != parts[trunk(here, other)]:
                needed.add(here)
        return needed

    def _in_parts(self) -> dict[Entity, int]:
        if self._parts is None:
            self._parts = _parts_of({switch: self.beside(switch) for switch in self._beside})
            self._size = Counter(self._parts.values())
        return self._parts


def trunk(one: Entity, other: Entity) -> Entity:
    return ids.link(ids.name_of(one), ids.name_of(other))


def _there_and_back(share: float) -> float:
    """The answer may take another way than the question."""
    return round(1.0 - (1.0 - share) ** 2, 4)


def _on_the_way(reached: _Reached, end: Entity) -> Iterator[tuple[Entity, int]]:
    """Switches and trunks from the end back to the start, with the number of shortest ways through each."""
    onward = {end: 1}
    ring = [end]
    while ring:
        nearer: dict[Entity, int] = {}
        for here in ring:
            yield here, reached.ways[here] * onward[here]
        for here in ring:
            for there in reached.before[here]:
                yield trunk(there, here), reached.ways[there] * onward[here]
                nearer[there] = nearer.get(there, 0) + onward[here]
        onward = nearer
        ring = sorted(nearer)


def _parts_of(beside: Mapping[Entity, list[Entity]]) -> dict[Entity, int]:
    """Of each trunk the part in which any two lie on a ring (Hopcroft and Tarjan, 1973)."""
    found: dict[Entity, int] = {}
    number: dict[Entity, int] = {}
    low: dict[Entity, int] = {}
    count = 0
    for root in sorted(beside):
        if root in number:
            continue
        number[root] = low[root] = len(number)
        crossed: list[Entity] = []
        stack = [(root, root, iter(beside[root]))]
        while stack:
            here, above, others = stack[-1]
            there = next(others, None)
            if there is None:
                stack.pop()
                if here == above:
                    continue
                low[above] = min(low[above], low[here])
                if low[here] >= number[above]:
                    count += 1
                    while crossed:
                        last = crossed.pop()
                        found[last] = count
                        if last == trunk(above, here):
                            break
            elif there not in number:
                number[there] = low[there] = len(number)
                crossed.append(trunk(here, there))
                stack.append((there, here, iter(beside[there])))
            elif there != above and number[there] < number[here]:
                crossed.append(trunk(here, there))
                low[here] = min(low[here], number[there])
    return found
