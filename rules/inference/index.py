"""The current evidence, found by the entities that it exercised."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping

from rules.diagnosis import Key
from rules.inference.crowded import NOTHING, Crowded, Looks
from rules.inference.knowledge import Look
from rules.inference.lot import MANY
from rules.inference.outcomes import Reading
from wire.entity import Entity

FEW = 8
"""Looks at one entity up to which they are gone through, not found."""
REMEMBERED = 20_000
"""Entities with few looks whose looks are found already, at most."""


class Index:
    """Adding, changing and removing one reading costs its own exercised entities, whatever else is known.

    Nearly all entities of a large site are parts of one host, and a handful of looks exercises them: those
    stand in a tuple, in few bytes, and tell themselves in which role.
    """

    def __init__(self) -> None:
        self.readings: dict[Key, Reading] = {}
        self.symptoms: dict[Key, Reading] = {}
        self._at: dict[Entity, tuple[Reading, ...] | Crowded] = {}
        self._crowds: dict[Entity, Crowded] = {}
        """Those of them where there are many."""
        self._crossed: set[Entity] = set()
        self._found: dict[Entity, Looks] = {}
        """Of few, what was asked for since they changed: it is mostly asked for several times."""

    def put(self, reading: Reading) -> None:
        """Take the place of what was known of this key."""
        key, signal = reading.key, reading.signal
        known = self.readings.get(key)
        if known is not None and known.exercised != reading.exercised:
            self._unlink(known)
        self.readings[key] = reading
        reading.gone = False
        if reading.is_symptom:
            self.symptoms[key] = reading
        else:
            self.symptoms.pop(key, None)
        at = self._at
        for role, entity in reading.exercised:
            here = at.get(entity, ())
            if isinstance(here, Crowded):
                if here.put((signal, role), reading):
                    self._crossed.add(entity)
            elif not here or here[-1] is not reading:  # else it stands there already, in another role
                self._found.pop(entity, None)
                others = [each for each in here if not (each is known or each is reading or each.gone)]
                few = at[entity] = (*others, reading)
                if len(few) > FEW:
                    at[entity] = self._crowds[entity] = Crowded(_by_look(entity, few))

    def confirm(self, reading: Reading) -> None:
        """It says the same, and was seen later than all the others. Few are gone through in any order."""
        at = self._at
        for role, entity in reading.exercised:
            here = at[entity]
            if isinstance(here, Crowded):
                here.confirm((reading.signal, role), reading)

    def drop(self, key: Key) -> Reading | None:
        reading = self.readings.pop(key, None)
        if reading is not None:
            self.symptoms.pop(key, None)
            self._unlink(reading)
        return reading

    def here(self, entity: Entity) -> Looks:
        """Everything that exercised this entity, by signal and role."""
        here = self._at.get(entity, ())
        if isinstance(here, Crowded):
            return here.looks
        found = self._found.get(entity)
        if found is None:
            if len(self._found) >= REMEMBERED:
                self._found.clear()
            found = self._found[entity] = _by_look(entity, self.few(entity))
        return found

    def few(self, entity: Entity) -> tuple[Reading, ...]:
        """All looks at an entity that is not crowded."""
        here = self._at.get(entity, ())
        if isinstance(here, Crowded):
            return ()
        if any(each.gone for each in here):
            here = tuple([each for each in here if not each.gone])
            if here:
                self._at[entity] = here
            else:
                del self._at[entity]
        return here

    def crossed(self) -> set[Entity]:
        """Where, since this was asked, a part began to be drawn of the looks, or ceased to be."""
        crossed, self._crossed = self._crossed, set()
        return crossed

    def crowds(self, signals: Container[str]) -> set[Entity]:
        """Where so many looks of one of these signals are that a part of them may be drawn."""
        return {
            entity
            for entity, here in self._crowds.items()
            if any(len(looks) > MANY and signal in signals for (signal, _), looks in here.looks.items())
        }

    def is_crowded(self, entity: Entity) -> bool:
        """Do more looks exercise it than are gone through one by one?"""
        return entity in self._crowds

    def at(self, entity: Entity, look: Look) -> Mapping[Key, Reading]:
        """The readings of this signal that exercised this entity in this role, the newest last."""
        return self.here(entity).get(look, NOTHING)

    def failing(self, entity: Entity, look: Look) -> Iterable[Reading]:
        """Those of them that are symptoms, in no order: found without going through the passes."""
        here = self._at.get(entity, ())
        if isinstance(here, Crowded):
            return here.failing(look)
        return [each for each in self.at(entity, look).values() if each.is_symptom]

    def newest(self, entity: Entity, look: Look) -> Iterator[Reading]:
        """Its looks, the newest first: what ends a weighing early is likeliest there."""
        return reversed(self.here(entity).get(look, {}).values())

    def in_order(self, entity: Entity, look: Look) -> Iterator[Reading]:
        """The same by key, for what must not depend on the order of arrival."""
        here, looks = self._at.get(entity, ()), self.at(entity, look)
        order = here.order(look) if isinstance(here, Crowded) else sorted(looks)
        return (looks[key] for key in order)

    def drawn(self, entity: Entity, look: Look, share: float, since: float) -> Iterable[Reading]:
        """The same where there are many, of the passes since then only this share, a power of two."""
        here = self._at.get(entity, ())
        return here.drawn(look, share, since) if isinstance(here, Crowded) else self.at(entity, look).values()

    def _unlink(self, reading: Reading) -> None:
        """Who stands aside in a storm leaves a dozen places of few, and hardly anybody looks there again."""
        reading.gone = True
        at, found = self._at, self._found
        for role, entity in reading.exercised:
            here = at.get(entity)
            if isinstance(here, Crowded):
                if here.drop((reading.signal, role), reading.key):
                    self._crossed.add(entity)
                if not here.looks:
                    del at[entity], self._crowds[entity]
            else:
                found.pop(entity, None)


def _by_look(entity: Entity, seen: Iterable[Reading]) -> Looks:
    found: Looks = {}
    for reading in seen:
        for role, touched in reading.exercised:
            if touched == entity:
                found.setdefault((reading.signal, role), {})[reading.key] = reading
    return found
