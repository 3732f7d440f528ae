"""The best set of roots of a component: exact where it is small, else by adding, dropping and swapping."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations

from rules.diagnosis import Key
from rules.inference.candidates import Candidate
from rules.inference.cause import Cause, Nats
from rules.inference.components import Component
from rules.inference.outcomes import Reading, at_most, likelihood
from rules.inference.score import Judge, Roots, Weighed

EXACT_CANDIDATES = 12
EXACT_ROOTS = 3
PARTS = 5
"""Roots that are tried in the place of one that explains what they explain apart."""
TOGETHER = 100
"""Symptoms of one root; that a few roots made so many at once is no likely coincidence."""
RIVALS = 24
"""Rivals of one root that are weighed in its place."""


def search(
    component: Component, judge: Judge, readings: Mapping[Key, Reading], *, many: bool = False
) -> Weighed:
    """The best set, the empty one included; ``judge`` remembers all that were weighed on the way.

    ``many``: the symptoms stand for very many more.
    """
    best = judge.weigh(())
    if len(component.candidates) <= EXACT_CANDIDATES:
        causes = sorted(candidate.cause for candidate in component.candidates)
        for size in range(1, EXACT_ROOTS + 1):
            for roots in combinations(causes, size):
                best = better(judge.weigh(roots), best)
    while True:
        found = _improved(component, best, judge, readings)
        if found is best and not many:
            found = _taken_apart(component, best, judge, readings)
        if found is best:
            break
        best = found
    for root in best.roots:
        for rival in rivals(component, best.roots, root):
            judge.weigh(swapped(best.roots, root, rival))
    return best


def better(one: Weighed, other: Weighed) -> Weighed:
    """The higher score; of equal ones the fewer roots, then the first by id."""
    return min(one, other, key=lambda each: (-each.score, len(each.roots), each.roots))


def swapped(roots: Roots, out: object, into: Candidate) -> Roots:
    return tuple(sorted([*(root for root in roots if root != out), into.cause]))


def rivals(component: Component, roots: Roots, root: object) -> list[Candidate]:
    """The candidates that could explain some of what ``root`` explains, the most promising first."""
    own = next(set(each.keys) for each in component.candidates if each.cause == root)
    found: list[Candidate] = []
    for candidate in component.candidates:
        if candidate.cause not in roots and not own.isdisjoint(candidate.keys):
            found.append(candidate)
            if len(found) == RIVALS:
                break
    return found


def _improved(component: Component, best: Weighed, judge: Judge, readings: Mapping[Key, Reading]) -> Weighed:
    """The best set one move away from ``best``, or ``best`` itself."""
    found = _extended(component, best, judge, readings)
    if len(best.roots) < 2:
        return found
    for root in best.roots:
        found = better(judge.weigh(tuple(each for each in best.roots if each != root)), found)
        for rival in rivals(component, best.roots, root)[:EXACT_CANDIDATES]:
            found = better(judge.weigh(swapped(best.roots, root, rival)), found)
    return found


def _extended(
    component: Component,
    best: Weighed,
    judge: Judge,
    readings: Mapping[Key, Reading],
    barred: Cause | None = None,
) -> Weighed:
    """``best`` with the one root more that gains most, or ``best`` itself."""
    found = best
    left = _unexplained(component.keys, best, judge, readings)
    hopes = [
        (each.prior + sum(max(0, left[key]) for key in each.keys), each.cause)
        for each in component.candidates
        if each.cause not in best.roots and each.cause != barred
    ]
    for hope, cause in sorted(hopes, key=lambda each: (-each[0], each[1])):
        if best.score + hope < found.score or hope <= 0:
            break
        found = better(judge.weigh(tuple(sorted([*best.roots, cause]))), found)
    return found


def _taken_apart(
    component: Component, best: Weighed, judge: Judge, readings: Mapping[Key, Reading]
) -> Weighed:
    """What seems to have one root may have several: each root once more without it, from the parts."""
    found = best
    small = {each.cause for each in component.candidates if len(each.keys) <= TOGETHER}
    for root in [each for each in best.roots if each in small][:PARTS]:
        current = judge.weigh(tuple(each for each in best.roots if each != root))
        for _ in range(PARTS):
            wider = _extended(component, current, judge, readings, barred=root)
            if wider is current:
                break
            current = wider
        found = better(current, found)
    return found


def _unexplained(
    keys: Iterable[Key], best: Weighed, judge: Judge, readings: Mapping[Key, Reading]
) -> dict[Key, Nats]:
    """What each symptom could still gain by one more root."""
    left = {key: at_most(readings[key]) for key in keys}
    for key, (reading, blocked, missed) in judge.sums(judge.close(best.roots)).items():
        if key in left:
            left[key] -= likelihood(reading, blocked, missed) if missed else 0
    return left
