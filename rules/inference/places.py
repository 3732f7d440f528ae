"""The looks that exercised each entity: by signal and role where they are many, else in few bytes.

Nearly all entities of a large site are parts of one host, and a handful of looks exercises them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rules.diagnosis import Key
from rules.inference.knowledge import Look
from rules.inference.outcomes import Reading
from rules.models import Role
from wire.entity import Entity

FEW = 8
"""Looks at one entity up to which they are gone through, not found."""
NOTHING: dict[Key, Reading] = {}
Looks = dict[Look, dict[Key, Reading]]
Seen = tuple[Role, Reading]
"""A look, and the role in which it exercised the entity."""


class Places:
    """A place is an entity, a signal and a role; its looks stand with the newest last."""

    def __init__(self) -> None:
        self._few: dict[Entity, tuple[Seen, ...]] = {}
        self._many: dict[Entity, Looks] = {}

    def put(self, role: Role, entity: Entity, reading: Reading) -> Reading | None:
        """Returns the look of this key in whose place it comes, where there are many."""
        many = self._many.get(entity)
        if many is None:
            self._put_among_few(role, entity, reading)
            return None
        looks = many.setdefault((reading.signal, role), {})
        before = looks.pop(reading.key, None)
        looks[reading.key] = reading
        return before

    def drop(self, role: Role, entity: Entity, reading: Reading) -> Reading | None:
        """Returns the look that stood there, where there are many."""
        many = self._many.get(entity)
        if many is None:
            self._drop_among_few(role, entity, reading)
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

    def here(self, entity: Entity) -> Mapping[Look, Mapping[Key, Reading]]:
        """Everything that exercised this entity, by signal and role."""
        many = self._many.get(entity)
        return _by_look(self._few.get(entity, ())) if many is None else many

    def at(self, entity: Entity, look: Look) -> dict[Key, Reading]:
        """The looks of this signal that exercised this entity in this role."""
        many = self._many.get(entity)
        if many is not None:
            return many.get(look, NOTHING)
        signal, role = look
        few = self._few.get(entity, ())
        return {each.key: each for played, each in few if played is role and each.signal == signal}

    def _put_among_few(self, role: Role, entity: Entity, reading: Reading) -> None:
        seen = (*self._others(role, entity, reading), (role, reading))
        if len(seen) <= FEW:
            self._few[entity] = seen
        else:
            del self._few[entity]
            self._many[entity] = _by_look(seen)

    def _drop_among_few(self, role: Role, entity: Entity, reading: Reading) -> None:
        others = self._others(role, entity, reading)
        if others:
            self._few[entity] = others
        else:
            self._few.pop(entity, None)

    def _others(self, role: Role, entity: Entity, reading: Reading) -> tuple[Seen, ...]:
        few, key = self._few.get(entity, ()), reading.key
        return tuple([seen for seen in few if seen[0] is not role or seen[1].key != key])


def _by_look(seen: Iterable[Seen]) -> Looks:
    found: Looks = {}
    for role, reading in seen:
        found.setdefault((reading.signal, role), {})[reading.key] = reading
    return found
