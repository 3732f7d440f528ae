"""Symptoms that share a possible root are searched together; the rest of the fleet has no part in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from rules.diagnosis import Key
from rules.inference.candidates import Candidate
from rules.inference.cause import Cause


class Component(NamedTuple):
    """Candidates and symptoms that have to do with each other, both in order."""

    candidates: tuple[Candidate, ...]
    keys: tuple[Key, ...]


def components(worth: Mapping[Cause, Candidate]) -> list[Component]:
    """In order of their first symptom."""
    leader: dict[Key, Key] = {}

    def find(key: Key) -> Key:
        leader.setdefault(key, key)
        while leader[key] != key:
            leader[key] = leader[leader[key]]
            key = leader[key]
        return key

    for candidate in worth.values():
        first = find(candidate.keys[0])
        for key in candidate.keys[1:]:
            other = find(key)
            if other != first:
                first, other = min(first, other), max(first, other)
                leader[other] = first
    return _grouped(worth.values(), {key: find(key) for key in sorted(leader)})


def _grouped(candidates: Iterable[Candidate], home: Mapping[Key, Key]) -> list[Component]:
    members: dict[Key, list[Candidate]] = {}
    for candidate in candidates:
        members.setdefault(home[candidate.keys[0]], []).append(candidate)
    keys: dict[Key, list[Key]] = {}
    for key, first in home.items():
        keys.setdefault(first, []).append(key)
    return [
        Component(
            tuple(sorted(members[first], key=lambda each: (-each.bound, each.cause))), tuple(keys[first])
        )
        for first in sorted(members)
    ]
