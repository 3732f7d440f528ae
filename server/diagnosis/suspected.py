"""What failing looks exercised, counted as they come and go: a storm need not be gone through for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rules.diagnosis import Key
from rules.evidence import Exercised
from wire.entity import Entity


class Suspected:
    """The entities, each once."""

    def __init__(self) -> None:
        self._exercised: dict[Key, tuple[Exercised, ...]] = {}
        self._looks: Counter[Entity] = Counter()
        self._joined: dict[Entity, None] = {}

    def put(self, key: Key, exercised: tuple[Exercised, ...]) -> None:
        """The look fails; by another way, perhaps, than it did."""
        if self._exercised.get(key) == exercised:
            return
        self.drop(key)
        self._exercised[key] = exercised
        entities = [entity for _, entity in exercised]
        self._looks.update(entities)
        self._joined.update(dict.fromkeys(entities))

    def drop(self, key: Key) -> None:
        """The look fails no longer."""
        for _, entity in self._exercised.pop(key, ()):
            self._looks[entity] -= 1
            if not self._looks[entity]:
                del self._looks[entity]
                self._joined.pop(entity, None)

    def joined(self) -> dict[Entity, None]:
        """Those that some look exercised that began to fail since this was last asked, and are still here."""
        joined, self._joined = self._joined, {}
        return joined

    def __iter__(self) -> Iterator[Entity]:
        return iter(self._looks)
