"""From scores to probabilities: each root's share of everything that was weighed in its component."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from math import exp, fsum

from rules.diagnosis import Certainty
from rules.inference.cause import Cause
from rules.inference.score import Weighed

CONFIRMED = 0.95
LIKELY = 0.70


class Shares:
    """P(something) = Σ exp(score) over the visited sets that hold it / Σ over all, the empty set included."""

    def __init__(self, visited: Iterable[Weighed], temperature: float = 1.0) -> None:
        ordered = sorted(visited)
        top = max(each.score for each in ordered)
        self._weights = [(each.roots, exp((each.score - top) / 1e6 / temperature)) for each in ordered]
        self._all = fsum(weight for _, weight in self._weights)
        by_cause: dict[Cause, list[float]] = {}
        for roots, weight in self._weights:
            for root in roots:
                by_cause.setdefault(root, []).append(weight)
        self._of = {cause: fsum(weights) / self._all for cause, weights in by_cause.items()}

    def of(self, cause: Cause) -> float:
        return min(1.0, self._of.get(cause, 0.0))

    def of_any(self, causes: Collection[Cause]) -> float:
        """Of the sets that hold at least one of them."""
        if len(causes) == 1:
            return self.of(next(iter(causes)))
        found = fsum(weight for roots, weight in self._weights if any(cause in causes for cause in roots))
        return min(1.0, found / self._all)


def certainty(probability: float, *, alone: bool, shown: bool) -> Certainty:
    """``shown``: an own or confirming symptom was seen; ``alone``: nothing else explains it as well."""
    if probability >= CONFIRMED and alone and shown:
        return Certainty.CONFIRMED
    return Certainty.LIKELY if probability >= LIKELY else Certainty.INCONCLUSIVE
