"""The current evidence, found by the entities that it exercised."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator

from rules.diagnosis import Key
from rules.inference.knowledge import Look
from rules.inference.lot import Draw
from rules.inference.outcomes import Reading
from rules.inference.places import Looks, Places
from wire.entity import Entity


class _View:
    """How the looks of one crowded place were asked for, so that it need not be worked out anew."""

    __slots__ = ("draw", "order")

    def __init__(self) -> None:
        self.draw: Draw | None = None
        self.order: list[Key] | None = None


class Index:
    """Adding, changing and removing one reading costs its own exercised entities, whatever else is known."""

    def __init__(self) -> None:
        self.readings: dict[Key, Reading] = {}
        self.symptoms: dict[Key, Reading] = {}
        self._places = Places()
        self._views: dict[Entity, dict[Look, _View]] = {}

    def put(self, reading: Reading) -> None:
        """Take the place of what was known of this key."""
        key = reading.key
        known = self.readings.get(key)
        if known is not None and known.exercised != reading.exercised:
            self._unlink(known)
        self.readings[key] = reading
        if reading.is_symptom:
            self.symptoms[key] = reading
        else:
            self.symptoms.pop(key, None)
        put, views = self._places.put, self._views
        for role, entity in reading.exercised:
            before = put(role, entity, reading, known)
            if entity in views:
                self._see(entity, (reading.signal, role), before, reading)

    def confirm(self, reading: Reading) -> None:
        """It says the same, and was seen later than all the others."""
        confirm, views = self._places.confirm, self._views
        for role, entity in reading.exercised:
            if confirm(role, entity, reading) and entity in views:
                self._see(entity, (reading.signal, role), reading, reading)

    def drop(self, key: Key) -> Reading | None:
        reading = self.readings.pop(key, None)
        if reading is not None:
            self.symptoms.pop(key, None)
            self._unlink(reading)
        return reading

    def here(self, entity: Entity) -> Looks:
        """Everything that exercised this entity, by signal and role."""
        return self._places.here(entity)

    def few(self, entity: Entity) -> tuple[Reading, ...]:
        """All looks at an entity that is not crowded."""
        return self._places.few(entity)

    def crossed(self) -> set[Entity]:
        """Where, since this was asked, a part began to be drawn of the looks, or ceased to be."""
        crossed, self._places.crossed = self._places.crossed, set()
        return crossed

    def crowds(self, signals: Container[str]) -> set[Entity]:
        """Where so many looks of one of these signals are that a part of them may be drawn."""
        return self._places.crowds(signals)

    def is_crowded(self, entity: Entity) -> bool:
        """Do more looks exercise it than are gone through one by one?"""
        return self._places.is_crowded(entity)

    def at(self, entity: Entity, look: Look) -> dict[Key, Reading]:
        """The readings of this signal that exercised this entity in this role, the newest last."""
        return self._places.at(entity, look)

    def failing(self, entity: Entity, look: Look) -> Iterable[Reading]:
        """Those of them that are symptoms, in no order: found without going through the passes."""
        return self._places.failing(entity, look)

    def newest(self, entity: Entity, look: Look) -> Iterator[Reading]:
        """Its looks, the newest first: what ends a weighing early is likeliest there."""
        return reversed(self.at(entity, look).values())

    def in_order(self, entity: Entity, look: Look) -> Iterator[Reading]:
        """The same by key, for what must not depend on the order of arrival."""
        looks = self.at(entity, look)
        if not self.is_crowded(entity):
            return (looks[key] for key in sorted(looks))
        view = self._view(entity, look)
        if view.order is None:
            view.order = sorted(looks)
        return (looks[key] for key in view.order)

    def drawn(self, entity: Entity, look: Look, share: float, since: float) -> Iterable[Reading]:
        """The same of a crowded place, of the passes since then only this share, a power of two."""
        view = self._view(entity, look)
        known = view.draw
        if known is None or known.share < share or known.since > since:
            known = view.draw = Draw(share, since, self.at(entity, look).values())
        elif known.share > share:
            known = view.draw = Draw(share, since, known)
        return known

    def _view(self, entity: Entity, look: Look) -> _View:
        return self._views.setdefault(entity, {}).setdefault(look, _View())

    def _see(self, entity: Entity, look: Look, before: Reading | None, reading: Reading | None) -> None:
        """One look has come, changed or gone there."""
        view = self._views[entity].get(look)
        if view is None:
            return
        if before is None or reading is None:
            view.order = None
        if view.draw is not None and reading is not None:
            view.draw.put(reading)
        elif view.draw is not None and before is not None:
            view.draw.drop(before.key)

    def _unlink(self, reading: Reading) -> None:
        drop, views = self._places.drop, self._views
        for role, entity in reading.exercised:
            before = drop(role, entity, reading)
            if entity in views:
                self._see(entity, (reading.signal, role), before, None)
                if not self.is_crowded(entity):
                    del self._views[entity]
