"""What a fault foretells of a look that has not been taken."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from rules.evidence import Exercised
from rules.inference.cause import Cause, chance
from rules.inference.ground import Ground
from rules.models import Role
from wire.entity import Entity

HOPS = 3
"""States farther away foretell little."""
MOST_STATES = 2_000


class Forecast:
    """The causes that a fault may put in force, with the probability of each."""

    def __init__(self, ground: Ground, root: Cause) -> None:
        self._ground = ground
        self._at: dict[Entity, list[tuple[Cause, float]]] = {}
        seen = {root}
        queue: deque[tuple[Cause, float, int]] = deque([(root, 1.0, 0)])
        while queue:
            cause, weight, hops = queue.popleft()
            self._at.setdefault(cause.entity, []).append((cause, weight))
            if hops == HOPS or len(seen) > MOST_STATES:
                continue
            for hop in ground.children(cause):
                if hop.cause not in seen:
                    seen.add(hop.cause)
                    queue.append((hop.cause, weight * (1.0 - chance(hop.miss)), hops + 1))

    def fails(self, signal: str, exercised: Iterable[Exercised]) -> float:
        """Probability that a look of this signal, exercising these, does not pass."""
        strongest: dict[Cause, float] = {}
        for role, entity in exercised:
            for cause, weight in self._at.get(entity, ()):
                part = weight * self._strength(cause, signal, role)
                strongest[cause] = max(part, strongest.get(cause, 0.0))
        passes = 1.0
        for cause in sorted(strongest):
            passes *= 1.0 - strongest[cause]
        return 1.0 - passes

    def _strength(self, cause: Cause, signal: str, role: Role) -> float:
        model = self._ground.model(cause)
        entries = model.entries.get((signal, role), ()) if model else ()
        return max((entry.strength for entry in entries), default=0.0)
