"""Gives the symptoms that were not weighed to the diagnoses whose roots lead to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import itemgetter

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
        self._roots: list[Cause] | None = None
        self._root_of: dict[Key, Cause | None] = {}
        self._behind: dict[Cause | None, dict[Key, Reading]] = {}
        """Root → those who go with it; None → those to whom no root leads."""

    def forget(self) -> None:
        """The graph changed."""
        self._spreads.clear()
        self._roots = None

    def lost(self, roots: Sequence[Cause]) -> list[Reading]:
        """Those to whom no root leads, in order. ``roots``: the one that explains most first."""
        news = self._crowd.news()
        if list(roots) != self._roots:
            self._roots = list(roots)
            self._spreads = {root: self._spreads.get(root) or Spread(self._ground, root) for root in roots}
            self._root_of.clear()
            self._behind.clear()
            self._put(self._crowd.aside())
        else:
            for key, reading in news.items():
                self._drop(key)
                if reading is not None:
                    self._put([reading])
        return sorted(self._behind.get(None, {}).values())

    def _put(self, readings: Iterable[Reading]) -> None:
        for reading in readings:
            root = next((each for each in self._spreads if self._spreads[each].covers(reading)), None)
            self._root_of[reading.key] = root
            self._behind.setdefault(root, {})[reading.key] = reading

    def _drop(self, key: Key) -> None:
        if key in self._root_of:
            del self._behind[self._root_of.pop(key)][key]

    def shared_out(self, diagnoses: Sequence[Diagnosis]) -> list[Diagnosis]:
        """Each diagnosis with those that go with it."""
        return [_joined(each, self._in_order(Cause(each.root.fault, each.root.entity))) for each in diagnoses]

    def _in_order(self, root: Cause) -> dict[Key, Reading]:
        """By key. Kept so: to sort again what few have joined costs little."""
        if root not in self._behind:
            return {}
        ordered = self._behind[root] = dict(sorted(self._behind[root].items(), key=itemgetter(0)))
        return ordered


def _joined(diagnosis: Diagnosis, more: dict[Key, Reading]) -> Diagnosis:
    if not more:
        return diagnosis
    said = list(zip(diagnosis.explains, diagnosis.observations, strict=True))
    said += [(key, each.id) for key, each in more.items()]
    said.sort()
    return msgspec.structs.replace(
        diagnosis,
        onset=min(diagnosis.onset, *(each.since for each in more.values())),
        explains=tuple(key for key, _ in said),
        observations=tuple(name for _, name in said),
    )
