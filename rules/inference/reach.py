"""Backwards from symptoms: every cause that could stand behind them, and what each could explain."""

from __future__ import annotations

from collections import deque

from rules.diagnosis import Key
from rules.inference.cause import Cause
from rules.inference.ground import Ground
from rules.inference.knowledge import Sway
from rules.inference.outcomes import Reading, sway
from rules.models import Role
from wire.entity import Entity, kind_of
from wire.judgement import Reason

REMEMBERED = 200_000
"""Kinds of looks whose causes are remembered, at most."""


class Reach:
    """Remembers what stands behind each symptom, until it or the graph changes."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._behind: dict[Cause, tuple[Cause, ...]] = {}
        self._shown: dict[tuple[Role, Entity, str, Reason, bool], tuple[Cause, ...]] = {}
        self._of: dict[Key, tuple[Reading, tuple[Cause, ...]]] = {}

    def forget(self) -> None:
        """The graph changed."""
        self._behind.clear()
        self._shown.clear()
        self._of.clear()

    def drop(self, key: Key) -> None:
        self._of.pop(key, None)

    def of(self, reading: Reading) -> tuple[Cause, ...]:
        """Every cause, fault or state, through which this symptom could have come about; in order."""
        known = self._of.get(reading.key)
        if known is not None and _same_question(known[0], reading):
            return known[1]
        found: set[Cause] = set()
        for role, entity in reading.exercised:
            found.update(self._through(role, entity, reading))
        causes = tuple(sorted(found))
        self._of[reading.key] = (reading, causes)
        return causes

    def _through(self, role: Role, entity: Entity, reading: Reading) -> tuple[Cause, ...]:
        """The causes at and behind one entity that the look exercised; the same for all looks like it."""
        question = (role, entity, reading.signal, reading.reason, reading.intermittent)
        known = self._shown.get(question)
        if known is None:
            found: dict[Cause, None] = {}
            for model, entry in self._ground.knowledge.shown_by(kind_of(entity), role, reading.signal):
                cause = Cause(model.name, entity)
                produces = sway(reading, [(entry, 1.0)])[0] is Sway.PRODUCES
                if produces and cause not in found and self._ground.possible(cause):
                    found.update(dict.fromkeys(self._all_behind(cause)))
            if len(self._shown) >= REMEMBERED:
                self._shown.clear()
            known = self._shown[question] = tuple(found)
        return known

    def _all_behind(self, start: Cause) -> tuple[Cause, ...]:
        if start not in self._behind:
            seen = {start: None}
            queue = deque([start])
            while queue:
                cause = queue.popleft()
                if not cause.is_state:
                    continue
                for parent in self._ground.parents(cause):
                    if parent not in seen:
                        seen[parent] = None
                        queue.append(parent)
            self._behind[start] = tuple(seen)
        return self._behind[start]


def _same_question(one: Reading, other: Reading) -> bool:
    return (
        one.reason is other.reason
        and one.intermittent == other.intermittent
        and one.exercised == other.exercised
    )
