"""The looks that exercised each entity: by signal and role where they are many, else in few bytes.

Nearly all entities of a large site are parts of one host, and a handful of looks exercises them.
"""

from __future__ import annotations

from collections.abc import Iterable

from rules.diagnosis import Key
from rules.inference.knowledge import Look
from rules.inference.outcomes import Reading
from rules.models import Role
from wire.entity import Entity

FEW = 8
"""Looks at one entity up to which they are gone through, not found."""
REMEMBERED = 20_000
"""Entities with few looks whose looks are found already, at most."""
NOTHING: dict[Key, Reading] = {}
Looks = dict[Look, dict[Key, Reading]]


class Places:
    """A place is an entity, a signal and a role; its looks stand with the newest last."""

    def __init__(self) -> None:
        self._few: dict[Entity, tuple[Reading, ...]] = {}
        """In which role each of them exercised the entity, it tells itself."""
        self._many: dict[Entity, Looks] = {}
        self._found: dict[Entity, Looks] = {}
        """Of few, what was asked for since they changed: it is mostly asked for several times."""

    def put(self, role: Role, entity: Entity, reading: Reading) -> Reading | None:
        """Returns the look of this key in whose place it comes, where there are many."""
        many = self._many.get(entity)
        if many is None:
            self._put_among_few(entity, reading)
            return None
        looks = many.setdefault((reading.signal, role), {})
        before = looks.pop(reading.key, None)
        looks[reading.key] = reading
        return before

    def drop(self, role: Role, entity: Entity, reading: Reading) -> Reading | None:
        """Returns the look that stood there, where there are many. In its other roles it is dropped, too."""
        many = self._many.get(entity)
        if many is None:
            self._drop_among_few(entity, reading)
            return None
        look = (reading.signal, role)
        looks = many.get(look, NOTHING)
        before = looks.pop(reading.key, None)
        if before is not None and not looks:
            del many[look]
            if not many:
                del self._many[entity]
        return before

    def is_crowded(self, entity: Entity) -> bool:
        return entity in self._many

    def here(self, entity: Entity) -> Looks:
        """Everything that exercised this entity, by signal and role."""
        many = self._many.get(entity)
        if many is not None:
            return many
        found = self._found.get(entity)
        if found is None:
            if len(self._found) >= REMEMBERED:
                self._found.clear()
            found = self._found[entity] = _by_look(entity, self._few.get(entity, ()))
        return found

    def at(self, entity: Entity, look: Look) -> dict[Key, Reading]:
        """The looks of this signal that exercised this entity in this role."""
        return self.here(entity).get(look, NOTHING)

    def _put_among_few(self, entity: Entity, reading: Reading) -> None:
        seen = (*self._others(entity, reading), reading)
        if len(seen) <= FEW:
            self._few[entity] = seen
        else:
            del self._few[entity]
            self._many[entity] = _by_look(entity, seen)

    def _drop_among_few(self, entity: Entity, reading: Reading) -> None:
        others = self._others(entity, reading)
        if others:
            self._few[entity] = others
        else:
            self._few.pop(entity, None)

    def _others(self, entity: Entity, reading: Reading) -> tuple[Reading, ...]:
        self._found.pop(entity, None)
        key = reading.key
        return tuple([each for each in self._few.get(entity, ()) if each.key != key])


def _by_look(entity: Entity, seen: Iterable[Reading]) -> Looks:
    found: Looks = {}
    for reading in seen:
        for role, touched in reading.exercised:
            if touched == entity:
                found.setdefault((reading.signal, role), {})[reading.key] = reading
    return found
