"""What stands behind each cause, and which causes and entities changed since the last inference."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

import msgspec

from rules.diagnosis import Key
from rules.inference.cause import Cause
from rules.inference.index import Index
from rules.inference.outcomes import Reading
from rules.inference.reach import Reach
from wire.entity import Entity

ROUNDING = 1e-3


class Standing:
    """Kept up to date reading by reading, so that inference looks only at what changed."""

    def __init__(self, index: Index, reach: Reach) -> None:
        self._index = index
        self._reach = reach
        self.behind: dict[Cause, dict[Key, Reading]] = {}
        """For each cause the symptoms that it could explain."""
        self.changed_entities: set[Entity] = set()
        self.changed_causes: set[Cause] = set()
        self.confirmed_entities: set[Entity] = set()
        """Those of which a look was only confirmed, which changes no conclusion yet."""
        self._at: dict[Entity, set[Cause]] = {}
        self._onsets: list[float] = []
        self._whole = True
        self.reaches_back = False
        """Something began before all that was known: looks from before that may count now."""

    def replace(self, known: Reading | None, reading: Reading | None) -> None:
        """One key's reading has come, changed or gone; the index has it already."""
        if not self._whole:
            return
        if known is not None and reading is not None and _only_fresher(known, reading):
            self.confirm(reading, known.surely)
            return
        for each in (known, reading):
            if each is not None and (each.is_symptom or self._is_later(each.surely)):
                self.changed_entities.update([entity for _, entity in each.exercised])
        if known is not None and known.is_symptom:
            self._forget(known)
        if reading is not None and reading.is_symptom:
            self._learn(reading)

    def confirm(self, reading: Reading, before: float) -> None:
        """The same result was seen again: that matters only where it comes to lie after some onset.

        ``before``: when it was surely seen, until now.
        """
        if not self._whole or not self._onsets:
            return
        touched = [entity for _, entity in reading.exercised]
        if bisect_left(self._onsets, before) == bisect_left(self._onsets, reading.surely):
            self.confirmed_entities.update(touched)
            return
        if reading.is_symptom or self._is_later(max(before, reading.surely)):
            self.changed_entities.update(touched)
        if reading.is_symptom:
            self._learn(reading)

    def forget_all(self) -> None:
        """The graph changed: everything is to be found anew at the next inference."""
        self._whole = False

    @property
    def changed(self) -> bool:
        """Is there anything that was not worked into the conclusions yet?"""
        return not self._whole or bool(self.changed_entities or self.changed_causes)

    @property
    def earliest(self) -> float:
        """When the first of all symptoms began."""
        return self._onsets[0] if self._onsets else float("inf")

    def settle(self) -> bool:
        """Find anew what must be; true when nothing that was concluded before may be used."""
        anew = not self._whole
        if anew:
            self.behind.clear()
            self._at.clear()
            self._whole = True
            for reading in self._index.symptoms.values():
                self._learn(reading)
        if self.changed_entities or anew:
            earliest = self._onsets[:1]
            self._onsets = sorted({reading.since for reading in self._index.symptoms.values()})
            self.reaches_back = not earliest or self._onsets[:1] < earliest
        return anew

    def faults_to_judge(self) -> set[Cause]:
        """Those whose symptoms changed, and those on entities that a changed reading exercised."""
        found = {cause for cause in self.changed_causes if not cause.is_state}
        for entity in self.changed_entities:
            found |= self._at.get(entity, set())
        return found

    def turn(self, entities: Iterable[Entity]) -> None:
        """Whether all looks at these are weighed is different now: that matters where some tell something."""
        self.changed_entities.update(entity for entity in entities if self._is_told_of(entity))

    def _is_told_of(self, entity: Entity) -> bool:
        return self._index.is_crowded(entity) or any(
            reading.is_symptom or self._is_later(reading.surely) for reading in self._index.few(entity)
        )

    def done(self) -> None:
        """The changes have been worked into the conclusions."""
        self.changed_entities = set()
        self.changed_causes = set()
        self.confirmed_entities = set()

    def _learn(self, reading: Reading) -> None:
        for cause in self._reach.of(reading):
            self.behind.setdefault(cause, {})[reading.key] = reading
            self.changed_causes.add(cause)
            if not cause.is_state:
                self._at.setdefault(cause.entity, set()).add(cause)

    def _forget(self, reading: Reading) -> None:
        for cause in self._reach.of(reading):
            self.changed_causes.add(cause)
            symptoms = self.behind.get(cause, {})
            symptoms.pop(reading.key, None)
            if not symptoms:
                self.behind.pop(cause, None)
                if not cause.is_state:
                    self._at[cause.entity].discard(cause)

    def _is_later(self, surely: float) -> bool:
        """Than the first onset, to the rounding: a pass from before anything failed refutes nothing."""
        return bool(self._onsets) and surely > self._onsets[0] - ROUNDING


def _only_fresher(known: Reading, reading: Reading) -> bool:
    """Was the same seen again?"""
    same = known.id == reading.id
    return same and msgspec.structs.replace(known, confirmed_at=reading.confirmed_at) == reading
