"""Some of very many, drawn by lot: by a hash of the key alone, not by the order of arrival."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rules.diagnosis import Key
from rules.inference.knowledge import PASS
from rules.inference.outcomes import HIGHEST, Reading

MANY = 128
"""Of so many that are alike all are weighed, of more some."""


class Draw:
    """Of the looks at one place every symptom, and of the passes a part; kept up to date look by look."""

    __slots__ = ("_limit", "_passes", "_symptoms", "share", "since")

    def __init__(self, share: float, since: float, looks: Iterable[Reading]) -> None:
        """``share``: which part of the passes; ``since``: those from before bear on nothing."""
        self.share = share
        self.since = since
        limit = self._limit = share * HIGHEST
        # Written out, and what most fail first: a core switch may have a million looks.
        drawn = [
            each for each in looks if each.place < PASS or (each.lot <= limit and each.confirmed_at > since)
        ]
        self._symptoms = {each.key: each for each in drawn if each.is_symptom}
        self._passes = {each.key: each for each in drawn if not each.is_symptom}

    def put(self, reading: Reading) -> None:
        key = reading.key
        self._symptoms.pop(key, None)
        if reading.is_symptom:
            self._passes.pop(key, None)
            self._symptoms[key] = reading
        elif key in self._passes or (reading.lot <= self._limit and reading.confirmed_at > self.since):
            self._passes[key] = reading

    def drop(self, key: Key) -> None:
        self._symptoms.pop(key, None)
        self._passes.pop(key, None)

    def __iter__(self) -> Iterator[Reading]:
        yield from self._symptoms.values()
        yield from self._passes.values()
