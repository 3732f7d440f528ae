"""How fresh a result is matters only near what fails: only there the current state is asked for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from rules.graph import Graph
from server.diagnosis.standing import Standing
from server.entry import Entry

MAX_SUSPECTS = 5_000
ENOUGH = 50
"""Confirmations of looks through one entity that are weighed in one turn."""


def confirmed_since(
    standing: Standing, suspects: set[str], current: Callable[[str], Iterable[Entry]]
) -> Iterator[Entry]:
    """Results that were confirmed since they were weighed, of looks that exercised a suspect.

    Some of each, since more of the same tells no more. ``current`` tells what stands of one host; what
    says something else than what was weighed is still on its way here, and left out.
    """
    taken: Counter[str] = Counter()
    for observer in _observers(standing, suspects):
        for entry in current(observer):
            key = (observer, *entry.key)
            known = standing.evidence.get(key)
            if known is None or entry.confirmed_at <= known.confirmed_at or key in standing.unknown:
                continue
            if entry.id != known.id and not entry.continues(standing.entries[key]):
                continue
            touched = {entity for _, entity in known.exercised} & suspects
            if key in standing.failing or any(taken[entity] < ENOUGH for entity in touched):
                taken.update(touched)
                yield entry


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
