"""The current evidence, found by the entities that it exercised."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rules.diagnosis import Key
from rules.inference.derived import touched
from rules.inference.knowledge import Look
from rules.inference.outcomes import Reading
from rules.models import Role
from wire.entity import Entity

NOTHING: dict[Key, Reading] = {}
NOWHERE: dict[Look, dict[Key, Reading]] = {}


class Index:
    """Adding, changing and removing one reading costs its own exercised entities, whatever else is known."""

    def __init__(self) -> None:
        self.readings: dict[Key, Reading] = {}
        self.symptoms: dict[Key, Reading] = {}
        self._at: dict[Entity, dict[Look, dict[Key, Reading]]] = {}
        self._sorted: dict[tuple[Entity, Look], list[Key]] = {}

    def put(self, reading: Reading) -> None:
        """Take the place of what was known of this key."""
        known = self.readings.get(reading.key)
        if known is not None and known.exercised != reading.exercised:
            self._unlink(known)
        self.readings[reading.key] = reading
        if reading.is_symptom:
            self.symptoms[reading.key] = reading
        else:
            self.symptoms.pop(reading.key, None)
        for role, entity in exercised(reading):
            look = (reading.signal, role)
            looks = self._at.setdefault(entity, {}).setdefault(look, {})
            if looks.pop(reading.key, None) is None:  # put again, so that the newest stands last
                self._sorted.pop((entity, look), None)
            looks[reading.key] = reading

    def drop(self, key: Key) -> Reading | None:
        reading = self.readings.pop(key, None)
        if reading is not None:
            self.symptoms.pop(key, None)
            self._unlink(reading)
        return reading

    def here(self, entity: Entity) -> Mapping[Look, Mapping[Key, Reading]]:
        """Everything that exercised this entity, by signal and role."""
        return self._at.get(entity, NOWHERE)

    def at(self, entity: Entity, look: Look) -> dict[Key, Reading]:
        """The readings of this signal that exercised this entity in this role, the newest last."""
        return self._at.get(entity, {}).get(look, NOTHING)

    def newest(self, entity: Entity, look: Look) -> Iterator[Reading]:
        """The same, the newest first: what ends a weighing early is likeliest there."""
        return reversed(self.at(entity, look).values())

    def in_order(self, entity: Entity, look: Look) -> Iterator[Reading]:
        """The same by key, for what must not depend on the order of arrival."""
        looks = self.at(entity, look)
        keys = self._sorted.get((entity, look))
        if keys is None:
            keys = self._sorted[(entity, look)] = sorted(looks)
        return (looks[key] for key in keys)

    def _unlink(self, reading: Reading) -> None:
        for role, entity in exercised(reading):
            looks = self._at.get(entity)
            if looks is None:
                continue
            look = (reading.signal, role)
            keys = looks.get(look)
            if keys is not None:
                keys.pop(reading.key, None)
                self._sorted.pop((entity, look), None)
                if not keys:
                    del looks[look]
            if not looks:
                del self._at[entity]


def exercised(reading: Reading) -> Iterator[tuple[Role, Entity]]:
    """What the look touched, by the names that the engine reasons with."""
    return touched(reading.exercised)
