"""The looks that exercised each entity: by signal and role where they are many, else in few bytes.

Nearly all entities of a large site are parts of one host, and a handful of looks exercises them.
"""

from __future__ import annotations

from collections.abc import Container, Iterable

from rules.diagnosis import Key
from rules.inference.knowledge import Look
from rules.inference.lot import MANY
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
        self.crossed: set[Entity] = set()
        """Where a part is drawn of the looks now, or is no longer: cleared by who asks."""
        self._failing: dict[Entity, Looks] = {}
        """Of many, those that fail: mostly a few among very many passes."""
        self._found: dict[Entity, Looks] = {}
        """Of few, what was asked for since they changed: it is mostly asked for several times."""

    def put(self, role: Role, entity: Entity, reading: Reading, known: Reading | None) -> Reading | None:
        """``known``: the look of this key until now. Returns what stood there, where there are many."""
        many = self._many.get(entity)
        if many is None:
            self._put_among_few(entity, reading, known)
            return None
        look, key = (reading.signal, role), reading.key
        looks = many.setdefault(look, {})
        before = looks.pop(key, None)
        looks[key] = reading
        if before is None and len(looks) == MANY + 1:
            self.crossed.add(entity)
        if reading.is_symptom:
            self._failing.setdefault(entity, {}).setdefault(look, {})[key] = reading
        elif before is not None and before.is_symptom:
            self._pass(entity, look, key)
        return before

    def confirm(self, role: Role, entity: Entity, reading: Reading) -> bool:
        """It is the newest now. Are there many? Few are gone through in any order."""
        many = self._many.get(entity)
        if many is None:
            return False
        looks = many[(reading.signal, role)]
        looks[reading.key] = looks.pop(reading.key)
        return True

    def drop(self, role: Role, entity: Entity, reading: Reading) -> Reading | None:
        """Returns the look that stood there, where there are many. In its other roles it is dropped, too."""
        many = self._many.get(entity)
        if many is None:
            self._drop_among_few(entity, reading)
            return None
        look = (reading.signal, role)
        looks = many.get(look, NOTHING)
        before = looks.pop(reading.key, None)
        if before is None:
            return None
        left = len(looks)
        if left == MANY:
            self.crossed.add(entity)
        elif not left:
            del many[look]
            if not many:
                del self._many[entity]
        if before.is_symptom:
            self._pass(entity, look, reading.key)
        return before

    def is_crowded(self, entity: Entity) -> bool:
        return entity in self._many

    def crowds(self, signals: Container[str]) -> set[Entity]:
        """Where so many looks of one of these signals are that a part of them may be drawn."""
        return {
            entity
            for entity, many in self._many.items()
            if any(len(looks) > MANY and signal in signals for (signal, _), looks in many.items())
        }

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

    def failing(self, entity: Entity, look: Look) -> Iterable[Reading]:
        """Those of them that are symptoms."""
        if entity in self._many:
            return self._failing.get(entity, {}).get(look, NOTHING).values()
        return [each for each in self.at(entity, look).values() if each.is_symptom]

    def _pass(self, entity: Entity, look: Look, key: Key) -> None:
        """The look does not fail any longer."""
        failing = self._failing[entity]
        del failing[look][key]
        if not failing[look]:
            del failing[look]
            if not failing:
                del self._failing[entity]

    def few(self, entity: Entity) -> tuple[Reading, ...]:
        """All looks at an entity that is not crowded."""
        return self._few.get(entity, ())

    def _put_among_few(self, entity: Entity, reading: Reading, known: Reading | None) -> None:
        few = self._few.get(entity, ())
        if few and few[-1] is reading:
            return  # in another role
        self._found.pop(entity, None)
        if known is not None:
            few = tuple([each for each in few if each is not known])
        few = (*few, reading)
        if len(few) <= FEW:
            self._few[entity] = few
            return
        del self._few[entity]
        many = self._many[entity] = _by_look(entity, few)
        failing = {
            look: some
            for look, looks in many.items()
            if (some := {key: each for key, each in looks.items() if each.is_symptom})
        }
        if failing:
            self._failing[entity] = failing

    def _drop_among_few(self, entity: Entity, reading: Reading) -> None:
        self._found.pop(entity, None)
        left = [each for each in self._few.get(entity, ()) if each is not reading]
        if left:
            self._few[entity] = tuple(left)
        else:
            self._few.pop(entity, None)


def _by_look(entity: Entity, seen: Iterable[Reading]) -> Looks:
    found: Looks = {}
    for reading in seen:
        for role, touched in reading.exercised:
            if touched == entity:
                found.setdefault((reading.signal, role), {})[reading.key] = reading
    return found
