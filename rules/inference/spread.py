"""Where a root leads, however surely: by it, symptoms that were not weighed find the root they go with."""

from __future__ import annotations

from collections import deque

from rules.inference.cause import Cause
from rules.inference.ground import Ground
from rules.inference.knowledge import Model, Sway
from rules.inference.outcomes import Reading, sway
from wire.entity import Entity


class Spread:
    """Every cause that a root can put in force."""

    def __init__(self, ground: Ground, root: Cause) -> None:
        self._models: dict[Entity, list[Model]] = {}
        seen = {root}
        queue = deque([root])
        while queue:
            cause = queue.popleft()
            model = ground.model(cause)
            if model is not None:
                self._models.setdefault(cause.entity, []).append(model)
            for hop in ground.children(cause):
                if hop.cause not in seen:
                    seen.add(hop.cause)
                    queue.append(hop.cause)

    def covers(self, reading: Reading) -> bool:
        """Could the symptom have come about by it?"""
        for role, entity in reading.exercised:
            for model in self._models.get(entity, ()):
                entries = model.entries.get((reading.signal, role))
                if entries and sway(reading, [(each, 1.0) for each in entries])[0] is Sway.PRODUCES:
                    return True
        return False
