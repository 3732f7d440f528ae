"""What a set of roots is worth: priors, steps and looks, in integers, relative to nothing being wrong."""

from __future__ import annotations

from typing import NamedTuple

from rules.diagnosis import Key
from rules.inference.cause import Cause, Nats
from rules.inference.closure import Closer, Closure
from rules.inference.order import order_of_events
from rules.inference.outcomes import Reading, likelihood
from rules.inference.touch import Touches

MOST_DOUBTED = 8
"""States of one closure whose absence is tried."""
Roots = tuple[Cause, ...]
"""In order, so that equal sets are equal tuples."""


class Weighed(NamedTuple):
    """One root set with its worth."""

    roots: Roots
    score: Nats
    likelihood: Nats
    """The score without the priors of the roots."""


class Judge:
    """Weighs root sets of one component and remembers every one it weighed."""

    def __init__(self, closer: Closer, touches: Touches, priors: dict[Cause, Nats]) -> None:
        self._closer = closer
        self._touches = touches
        self._priors = priors
        self.visited: dict[Roots, Weighed] = {(): Weighed((), 0, 0)}
        self._closures: dict[Roots, Closure] = {}

    def weigh(self, roots: Roots) -> Weighed:
        known = self.visited.get(roots)
        if known is None:
            worth = self._worth(self.close(roots))
            known = Weighed(roots, worth + sum(self._priors[root] for root in roots), worth)
            self.visited[roots] = known
        return known

    def close(self, roots: Roots) -> Closure:
        if roots not in self._closures:
            self._closures[roots] = self._likeliest(roots)
        return self._closures[roots]

    def _likeliest(self, roots: Roots) -> Closure:
        """Without the states that need not have come about: others explain as much, and looks contradict.

        A router that forwards nothing may be down, or only have stopped to forward; what answers tells.
        """
        best = self._closer.close(roots)
        if not best.doubted:
            return best
        worth, spare = self._worth(best), frozenset[Cause]()
        for state in best.doubted[:MOST_DOUBTED]:
            other = self._closer.close(roots, spare | {state})
            if state in best.active and (without := self._worth(other)) > worth:
                best, worth, spare = other, without, spare | {state}
        return best

    def _worth(self, closure: Closure) -> Nats:
        return closure.cost + self._looks(closure) + order_of_events(closure, self._touches)

    def _looks(self, closure: Closure) -> Nats:
        return sum(
            likelihood(reading, blocked, missed) for reading, blocked, missed in self.sums(closure).values()
        )

    def sums(self, closure: Closure) -> dict[Key, tuple[Reading, Nats, Nats]]:
        """For each look that is borne on: log(1 − strength) summed over blockers and over producers.

        A name that was known although nobody could be asked for it was remembered: one coincidence, however
        many causes stand between the look and its resolver.
        """
        found: dict[Key, tuple[Reading, Nats, Nats]] = {}
        remembered: dict[Key, Nats] = {}
        for cause, active in closure.active.items():
            for touch in self._touches.of(cause, active.onset):
                reading, key = touch.reading, touch.reading.key
                _, blocked, missed = found.get(key, (reading, 0, 0))
                if touch.produces:
                    found[key] = (reading, blocked, missed + touch.miss)
                    continue
                more = touch.miss
                if touch.by_name:
                    known = remembered.get(key, 0)
                    more = min(0, more - known)
                    remembered[key] = known + more
                found[key] = (reading, blocked + more, missed)
        return found
