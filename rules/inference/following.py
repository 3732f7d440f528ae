"""Gives the symptoms that were not weighed to the diagnoses whose roots lead to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from rules.diagnosis import Diagnosis, Key
from rules.inference.cause import Cause
from rules.inference.crowd import Crowd
from rules.inference.ground import Ground
from rules.inference.outcomes import Reading
from rules.inference.spread import Spread


class _Company:
    """Those who go with one root, in the order of their keys; when a few have joined, that costs little."""

    __slots__ = ("_joined", "_keys", "_since", "readings")

    def __init__(self) -> None:
        self.readings: dict[Key, Reading] = {}
        self._since: float | None = None
        self._keys: list[Key] = []
        self._joined: dict[Key, Reading] = {}

    def put(self, reading: Reading) -> None:
        """A key that is not among them."""
        self.readings[reading.key] = self._joined[reading.key] = reading
        if self._since is not None:
            self._since = min(self._since, reading.since)

    def drop(self, key: Key) -> None:
        del self.readings[key]
        self._keys, self._joined = [], self.readings
        self._since = None

    @property
    def since(self) -> float:
        """When the first of them began."""
        if self._since is None:
            self._since = min(each.since for each in self.readings.values())
        return self._since

    def keys(self) -> list[Key]:
        """In order."""
        if self._joined:
            self._keys, self._joined = sorted([*self._keys, *sorted(self._joined)]), {}
        return self._keys


class Following:
    """Remembers where each root leads and, while the roots are the same, with which each symptom goes."""

    def __init__(self, ground: Ground, crowd: Crowd) -> None:
        self._ground = ground
        self._crowd = crowd
        self._spreads: dict[Cause, Spread] = {}
        self._roots: list[Cause] | None = None
        self._root_of: dict[Key, Cause | None] = {}
        self._behind: dict[Cause | None, _Company] = {}
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
        lost = self._behind.get(None)
        return [lost.readings[key] for key in sorted(lost.readings)] if lost else []

    def _put(self, readings: Iterable[Reading]) -> None:
        for reading in readings:
            root = next((each for each in self._spreads if self._spreads[each].covers(reading)), None)
            self._root_of[reading.key] = root
            if root not in self._behind:
                self._behind[root] = _Company()
            self._behind[root].put(reading)

    def _drop(self, key: Key) -> None:
        if key in self._root_of:
            self._behind[self._root_of.pop(key)].drop(key)

    def shared_out(self, diagnoses: Sequence[Diagnosis]) -> list[Diagnosis]:
        """Each diagnosis with those that go with it."""
        return [
            _joined(each, self._behind.get(Cause(each.root.fault, each.root.entity))) for each in diagnoses
        ]


def _joined(diagnosis: Diagnosis, more: _Company | None) -> Diagnosis:
    if more is None or not more.readings:
        return diagnosis
    keys, readings = sorted([*diagnosis.explains, *more.keys()]), more.readings
    weighed = dict(zip(diagnosis.explains, diagnosis.observations, strict=True))
    return msgspec.structs.replace(
        diagnosis,
        onset=min(diagnosis.onset, more.since),
        explains=tuple(keys),
        observations=tuple([weighed[key] if key in weighed else readings[key].id for key in keys]),
    )
