"""The roots worth weighing: bounded from above and pruned before components are formed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from rules.diagnosis import Key
from rules.inference.cause import Cause, Nats
from rules.inference.ground import Ground
from rules.inference.index import Index
from rules.inference.knowledge import Knowledge, Model
from rules.inference.outcomes import Reading, at_most
from rules.inference.special import displaced
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


def judge(
    cause: Cause, readings: Iterable[Reading], ground: Ground, index: Index, touches: Touches
) -> Candidate | Refuted | None:
    """What the fault is worth at best, given the symptoms it could explain; None if it cannot be at all."""
    model = ground.model(cause)
    if model is None or model.fault is None or displaced(cause, ground, index):
        return None
    known = list(readings)
    if _excluded(cause, model.fault.excluded_by, index) or _untold(model, known, ground.knowledge):
        return None
    best: Candidate | Refuted | None = None
    for onset, episode in episodes(known):
        if not _attested(cause, model.fault.attested_by, onset, index):
            continue
        found = _bound(cause, model.prior, onset, episode, touches)
        if best is None or _better(found, best):
            best = found
    return best


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
    keys = tuple(sorted(reading.key for reading in readings))
    if bound > 0:
        for touch in touches.newest(cause, onset):
            if touch.produces:
                bound += touch.weight - at_most(touch.reading)
            else:
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


def _untold(model: Model, readings: Iterable[Reading], knowledge: Knowledge) -> bool:
    """Has nothing been seen that only this fault shows?"""
    if model.fault is None or not model.fault.telling:
        return False
    told = knowledge.telling(model)
    return not any((reading.signal, reading.reason) in told for reading in readings)


def _excluded(cause: Cause, exclusions: Iterable[Symptom], index: Index) -> bool:
    return any(
        reading.reason in symptom.reason
        for symptom in exclusions
        for reading in index.failing(cause.entity, (symptom.signal, symptom.on))
    )


def _attested(cause: Cause, attestations: tuple[Symptom, ...], onset: float, index: Index) -> bool:
    """Has one of them been made since?"""
    return not attestations or any(
        reading.reason in symptom.reason and reading.confirmed_at > onset + reading.clock_error
        for symptom in attestations
        for reading in index.newest(cause.entity, (symptom.signal, symptom.on))
    )
