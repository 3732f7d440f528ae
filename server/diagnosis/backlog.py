"""Confirmations that nobody has asked for yet: most of what a large site says is that all is well."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from rules.diagnosis import Key
from rules.graph import Graph
from server.diagnosis.standing import Standing
from server.entry import Entry

MAX_SUSPECTS = 5_000
ENOUGH = 50
"""Confirmations of looks through one entity that are weighed in one turn."""


class Backlog:
    """The latest confirmation of each key, by observer. Weighed only once it could tell something."""

    def __init__(self) -> None:
        self._waiting: dict[str, dict[Key, Entry]] = {}

    def add(self, key: Key, entry: Entry) -> None:
        self._waiting.setdefault(key[0], {})[key] = entry

    def drop(self, key: Key) -> None:
        self._waiting.get(key[0], {}).pop(key, None)

    def take(self, standing: Standing, suspects: set[str]) -> Iterator[tuple[Key, Entry]]:
        """Those of looks that exercised a suspect: some of each, since more of the same tells no more."""
        taken: Counter[str] = Counter()
        for observer in _observers(standing, suspects):
            waiting = self._waiting.get(observer, {})
            for key in list(waiting):
                known = standing.evidence.get(key)
                touched = {entity for _, entity in known.exercised} & suspects if known is not None else ()
                if key in standing.failing or any(taken[entity] < ENOUGH for entity in touched):
                    taken.update(touched)
                    yield key, waiting.pop(key)


def suspects_of(standing: Standing, graph: Graph) -> set[str]:
    """What the failing looks exercised, and all that it leans on over any number of hops."""
    found = {
        entity
        for key in standing.failing
        for _, entity in (standing.evidence[key].exercised if key in standing.evidence else ())
    }
    queue = sorted(found)
    while queue and len(found) < MAX_SUSPECTS:
        for edge in graph.parents(queue.pop()):
            if edge.parent not in found:
                found.add(edge.parent)
                queue.append(edge.parent)
    return found


def _observers(standing: Standing, suspects: Iterable[str]) -> list[str]:
    found: set[str] = set()
    for entity in suspects:
        found |= standing.seen_by.get(entity, set())
    return sorted(found)
