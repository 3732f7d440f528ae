"""Gives the symptoms that were not weighed to the diagnoses whose roots lead to them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from rules.diagnosis import Diagnosis, Key
from rules.inference.cause import Cause
from rules.inference.crowd import Crowd
from rules.inference.ground import Ground
from rules.inference.outcomes import Reading
from rules.inference.spread import Spread


class Following:
    """Remembers where each root leads and, while the roots are the same, with which each symptom goes."""

    def __init__(self, ground: Ground, crowd: Crowd) -> None:
        self._ground = ground
        self._crowd = crowd
        self._spreads: dict[Cause, Spread] = {}
        self._roots: list[Cause] = []
        self._with: dict[Key, tuple[Reading, Cause | None]] = {}

    def forget(self) -> None:
        """The graph changed."""
        self._spreads.clear()
        self._with.clear()
        self._roots = []

    def lost(self, roots: Sequence[Cause]) -> list[Reading]:
        """Those whom no root leads to, in order. ``roots``: the one that explains most first."""
        if list(roots) != self._roots:
            self._with.clear()
            self._roots = list(roots)
            self._spreads = {root: self._spreads.get(root) or Spread(self._ground, root) for root in roots}
        self._with = {reading.key: (reading, self._root_of(reading)) for reading in self._crowd.aside()}
        return sorted(reading for reading, root in self._with.values() if root is None)

    def _root_of(self, reading: Reading) -> Cause | None:
        known = self._with.get(reading.key)
        if (
            known is not None
            and known[0].exercised == reading.exercised
            and known[0].reason is reading.reason
        ):
            return known[1]
        return next((root for root in self._roots if self._spreads[root].covers(reading)), None)

    def shared_out(self, diagnoses: Sequence[Diagnosis]) -> list[Diagnosis]:
        """Each diagnosis with those that go with it."""
        if not self._with:
            return list(diagnoses)
        followers: dict[Cause, list[Reading]] = {}
        for reading, root in self._with.values():
            if root is not None:
                followers.setdefault(root, []).append(reading)
        return [
            _joined(each, followers.get(Cause(each.root.fault, each.root.entity), [])) for each in diagnoses
        ]


def _joined(diagnosis: Diagnosis, more: list[Reading]) -> Diagnosis:
    if not more:
        return diagnosis
    said = [
        *zip(diagnosis.explains, diagnosis.observations, strict=True),
        *((each.key, each.id) for each in more),
    ]
    said.sort()
    return msgspec.structs.replace(
        diagnosis,
        onset=min(diagnosis.onset, *(each.since for each in more)),
        explains=tuple(key for key, _ in said),
        observations=tuple(name for _, name in said),
    )
