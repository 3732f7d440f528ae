"""How fresh a result is matters only near what fails: only there the current state is asked for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice

from rules.graph import Graph
from server.diagnosis.standing import Standing
from server.entry import Entry
from wire.entity import Entity

MAX_SUSPECTS = 5_000
ENOUGH = 50
"""Observers of one entity who are asked, and confirmations of looks through it that one turn weighs."""
AT_ONCE = 30
"""Observers who are asked in one turn; where there are more, each has its turn."""
FEW = 500
"""Symptoms up to which the suspects are found anew in each turn."""
LONGEST = 30.0
"""Seconds after which they are found anew in a storm; until then only who joins them is looked for."""


class Freshness:
    """Remembers, in a storm, who looks at what is suspected, and who was asked last."""

    def __init__(self, standing: Standing, graph: Graph, current: Callable[[str], Iterable[Entry]]) -> None:
        """``current`` tells what stands of one host."""
        self._standing = standing
        self._graph = graph
        self._current = current
        self._suspects: dict[Entity, None] = {}
        self._observers: list[str] = []
        self._known: set[str] = set()
        """The same."""
        self._found_at = float("-inf")
        self._next = 0

    def confirmed(self, now: float) -> Iterator[Entry]:
        """Results that were confirmed since they were weighed, of looks that exercised a suspect.

        Some of each, since more of the same tells no more. What says something else than what was weighed
        is still on its way here, and left out.
        """
        self._find(now)
        standing = self._standing
        taken: Counter[str] = Counter()
        for observer in self._whose_turn():
            for entry in self._current(observer):
                key = (observer, *entry.key)
                known = standing.evidence.get(key)
                if known is None or entry.confirmed_at <= known.confirmed_at or key in standing.unknown:
                    continue
                if standing.tells_enough(known):
                    continue
                if entry.id != known.id and not entry.continues(standing.entries[key]):
                    continue
                touched = self._suspects.keys() & [entity for _, entity in known.exercised]
                if key in standing.failing or any(taken[entity] < ENOUGH for entity in touched):
                    for entity in touched:
                        taken[entity] += 1
                    yield entry

    def _find(self, now: float) -> None:
        standing = self._standing
        joined: Iterable[Entity] = standing.suspected.joined()
        if len(standing.failing) <= FEW or now - self._found_at >= LONGEST:
            self._found_at = now
            self._suspects, self._observers, self._known = {}, [], set()
            joined = sorted(standing.suspected)
        self._suspect(joined)

    def _suspect(self, entities: Iterable[Entity]) -> None:
        """These, and all that they lean on over any number of hops."""
        found = [entity for entity in entities if entity not in self._suspects]
        self._suspects.update(dict.fromkeys(found))
        queue = list(found)
        while queue and len(self._suspects) < MAX_SUSPECTS:
            for edge in self._graph.parents(queue.pop()):
                if edge.parent not in self._suspects:
                    self._suspects[edge.parent] = None
                    queue.append(edge.parent)
                    found.append(edge.parent)
        seen_by = self._standing.seen_by
        seen = [seen_by[entity] for entity in found if entity in seen_by]
        few = [each if len(each) <= ENOUGH else list(islice(each, ENOUGH)) for each in seen]
        watch = set(chain.from_iterable(few))
        self._observers += sorted(watch - self._known)
        self._known |= watch

    def _whose_turn(self) -> list[str]:
        number = len(self._observers)
        if number <= AT_ONCE:
            return self._observers
        first = self._next % number
        self._next = first + AT_ONCE
        return [self._observers[place % number] for place in range(first, first + AT_ONCE)]
