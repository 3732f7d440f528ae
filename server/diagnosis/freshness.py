"""How fresh a result is matters only near what fails: only there the current state is asked for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from rules.graph import Graph
from server.diagnosis.standing import Standing
from server.entry import Entry

NOBODY: dict[str, None] = {}
MAX_SUSPECTS = 5_000
ENOUGH = 50
"""Observers of one entity who are asked, and confirmations of looks through it that one turn weighs."""
AT_ONCE = 30
"""Observers who are asked in one turn; where there are more, each has its turn."""
FEW = 500
"""Symptoms up to which the suspects are found anew in each turn."""
PER_SECOND = 1_000
LONGEST = 30.0
"""Beyond, they stand for a second for each so many symptoms, and for no longer than this."""


class Freshness:
    """Remembers, in a storm, who looks at what is suspected, and who was asked last."""

    def __init__(self, standing: Standing, graph: Graph, current: Callable[[str], Iterable[Entry]]) -> None:
        """``current`` tells what stands of one host."""
        self._standing = standing
        self._graph = graph
        self._current = current
        self._suspects: set[str] = set()
        self._observers: list[str] = []
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
                if entry.id != known.id and not entry.continues(standing.entries[key]):
                    continue
                touched = {entity for _, entity in known.exercised} & self._suspects
                if key in standing.failing or any(taken[entity] < ENOUGH for entity in touched):
                    taken.update(touched)
                    yield entry

    def _find(self, now: float) -> None:
        many = len(self._standing.failing)
        if many > FEW and now - self._found_at < min(LONGEST, many / PER_SECOND):
            return
        self._found_at = now
        self._suspects = suspects_of(self._standing, self._graph)
        found: set[str] = set()
        for entity in self._suspects:
            seen_by = self._standing.seen_by.get(entity, NOBODY)
            found.update(seen_by if len(seen_by) <= ENOUGH else islice(seen_by, ENOUGH))
        self._observers = sorted(found)

    def _whose_turn(self) -> list[str]:
        every = len(self._observers)
        if every <= AT_ONCE:
            return self._observers
        first = self._next % every
        self._next = first + AT_ONCE
        return [*self._observers, *self._observers][first : first + AT_ONCE]


def suspects_of(standing: Standing, graph: Graph) -> set[str]:
    """What the failing looks exercised, and all that it leans on over any number of hops."""
    found = set(standing.suspected)
    queue = sorted(found)
    while queue and len(found) < MAX_SUSPECTS:
        for edge in graph.parents(queue.pop()):
            if edge.parent not in found:
                found.add(edge.parent)
                queue.append(edge.parent)
    return found
