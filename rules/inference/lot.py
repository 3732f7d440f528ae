"""Some of very many, drawn by lot: by a hash of the key alone, not by the order of arrival."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from zlib import crc32

from rules.diagnosis import Key
from rules.inference.outcomes import Reading

MANY = 128
"""Of so many that are alike all are weighed, of more some."""
HIGHEST = 2**32
SPREAD = 0x9E3779B1
"""Odd, near 2³² divided by the golden ratio (Knuth, volume 3, 6.4): keys that are alike come to lie apart."""


def number(key: Key) -> int:
    """Below ``HIGHEST``. Cheap, since a place may have a million looks; nothing secret hangs on it."""
    return crc32("\0".join(key).encode()) * SPREAD % HIGHEST


class Draw:
    """Of the looks at one place every symptom, and of the passes a part; kept up to date look by look."""

    __slots__ = ("_passes", "_symptoms", "share")

    def __init__(self, share: float, looks: Iterable[Reading]) -> None:
        """``share``: which part of the passes."""
        self.share = share
        self._symptoms: dict[Key, Reading] = {}
        self._passes: dict[Key, Reading] = {}
        for reading in looks:
            self.put(reading, passed_before=False)

    def put(self, reading: Reading, *, passed_before: bool) -> None:
        """``passed_before``: what it takes the place of was a pass as well, drawn or not."""
        key = reading.key
        self._symptoms.pop(key, None)
        if reading.is_symptom:
            self._passes.pop(key, None)
            self._symptoms[key] = reading
        elif key in self._passes or (not passed_before and number(key) <= self.share * HIGHEST):
            self._passes[key] = reading

    def drop(self, key: Key) -> None:
        self._symptoms.pop(key, None)
        self._passes.pop(key, None)

    def __iter__(self) -> Iterator[Reading]:
        yield from self._symptoms.values()
        yield from self._passes.values()
