"""The roots worth weighing: bounded from above and pruned before components are formed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from rules.diagnosis import Key
from rules.inference.cause import Cause, Nats
from rules.inference.ground import Ground
from rules.inference.index import Index
from rules.inference.outcomes import Reading, at_most
from rules.inference.special import without_general
from rules.inference.touch import Touches
from rules.models import Symptom

QUIET = 120.0
"""Seconds without a new symptom after which the next one may belong to another episode."""


class Candidate(NamedTuple):
    """A root that may be worth its prior."""

    cause: Cause
    prior: Nats
    onset: float
    """Start of the episode in which it would explain most."""
    bound: Nats
    """No root set gains more by it."""
    keys: tuple[Key, ...]
    """The symptoms of the episode that it could explain."""


class Refuted(NamedTuple):
    """A root that cannot pay for its prior, with what speaks against it or without."""

    cause: Cause
    onset: float
    keys: tuple[Key, ...]


class Candidates(NamedTuple):
    worth: dict[Cause, Candidate]
    refuted: tuple[Refuted, ...]


def gather(
    ground: Ground, index: Index, touches: Touches, behind: Mapping[Cause, list[Reading]]
) -> Candidates:
    """``behind`` holds for each cause the symptoms that it could explain."""
    worth: dict[Cause, Candidate] = {}
    refuted: list[Refuted] = []
    faults = [cause for cause in behind if not cause.is_state]
    for cause in without_general(sorted(faults), ground, index):
        model = ground.model(cause)
        if model is None or (model.fault and _excluded(cause, model.fault.excluded_by, index)):
            continue
        best: Candidate | Refuted | None = None
        for onset, readings in episodes(behind[cause]):
            found = _bound(cause, model.prior, onset, readings, touches)
            if best is None or _better(found, best):
                best = found
        if isinstance(best, Candidate):
            worth[cause] = best
        elif best is not None:
            refuted.append(best)
    return Candidates(worth, tuple(refuted))


def episodes(readings: Iterable[Reading]) -> list[tuple[float, list[Reading]]]:
    """(onset, symptoms from then on) for each spell of new symptoms, the latest first.

    What began long before the rest need not have the same root: a root that began later does not explain
    it, and passes from before it began do not speak against it.
    """
    ordered = sorted(readings, key=lambda reading: (reading.since, reading.key))
    starts = [
        place
        for place, reading in enumerate(ordered)
        if place == 0 or reading.since - ordered[place - 1].since > QUIET
    ]
    return [(ordered[start].since, ordered[start:]) for start in reversed(starts)]


def _bound(
    cause: Cause, prior: Nats, onset: float, readings: list[Reading], touches: Touches
) -> Candidate | Refuted:
    bound = prior + sum(at_most(reading) for reading in readings)
    keys = tuple(reading.key for reading in readings)
    if bound > 0:
        for touch in touches.newest(cause, onset):
            if not touch.produces:
                bound += touch.miss
                if bound <= 0:
                    break
    if bound <= 0:
        return Refuted(cause, onset, keys)
    return Candidate(cause, prior, onset, bound, keys)


def _better(found: Candidate | Refuted, best: Candidate | Refuted) -> bool:
    if isinstance(found, Candidate) and isinstance(best, Candidate):
        return found.bound > best.bound
    return isinstance(found, Candidate) and isinstance(best, Refuted)


def _excluded(cause: Cause, exclusions: Iterable[Symptom], index: Index) -> bool:
    return any(
        reading.reason in symptom.reason
        for symptom in exclusions
        for reading in index.at(cause.entity, (symptom.signal, symptom.on)).values()
    )
