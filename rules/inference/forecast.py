"""What a fault foretells of a look that has not been taken."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping

from rules.evidence import Exercised
from rules.inference.cause import Cause, chance
from rules.inference.ground import Ground
from rules.inference.knowledge import Entry, Look
from wire.entity import Entity

HOPS = 3
"""States farther away foretell little."""
MOST_STATES = 2_000
REMEMBERED = 32
"""Forecasts; one holds thousands of states."""


class Forecast:
    """The causes that a fault may put in force, with the probability of each."""

    def __init__(self, ground: Ground, root: Cause) -> None:
        self._at: dict[Entity, list[tuple[Cause, float, Mapping[Look, tuple[Entry, ...]]]]] = {}
        seen = {root}
        queue: deque[tuple[Cause, float, int]] = deque([(root, 1.0, 0)])
        while queue:
            cause, weight, hops = queue.popleft()
            if (model := ground.model(cause)) is not None:
                self._at.setdefault(cause.entity, []).append((cause, weight, model.entries))
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
            for cause, weight, shown in self._at.get(entity, ()):
                entries = shown.get((signal, role))
                if entries:
                    part = weight * max(entry.strength for entry in entries)
                    strongest[cause] = max(part, strongest.get(cause, 0.0))
        passes = 1.0
        for cause in sorted(strongest):
            passes *= 1.0 - strongest[cause]
        return 1.0 - passes


class Forecasts:
    """Of the roots that are thought of, each made once while the graph stays as it is."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._known: dict[Cause, Forecast] = {}

    def of(self, root: Cause) -> Forecast:
        if root not in self._known:
            while len(self._known) >= REMEMBERED:
                del self._known[next(iter(self._known))]
            self._known[root] = Forecast(self._ground, root)
        return self._known[root]

    def forget(self) -> None:
        """The graph changed."""
        self._known.clear()
