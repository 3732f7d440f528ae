"""Forward closure: from a set of roots, hop by hop, to the states that follow and those that ought to."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from math import exp
from operator import itemgetter
from typing import NamedTuple

from rules.diagnosis import Key
from rules.inference.cause import NAT, NEVER, Cause, Nats, complement, nats
from rules.inference.ground import Ground, Hop
from rules.inference.outcomes import Reading, at_most
from rules.inference.touch import Touches
from wire.entity import Entity

BURDEN: Nats = NAT
"""A way to a state that is this much worse than the best one is not taken."""


class Active(NamedTuple):
    """One cause in force."""

    onset: float
    because: Cause | None
    """The parent that most likely brought it about; None for a root."""
    undeclared: bool
    """Grounded by undeclared edges only."""


class Closure(NamedTuple):
    """All that follows from a set of roots."""

    active: dict[Cause, Active]
    cost: Nats
    """What the steps taken, and those expected but not seen, weigh."""
    doubted: tuple[Cause, ...] = ()
    """States in force that looks speak against, the most doubted first."""


class _Arrival:
    """A state that was reached, and by what."""

    __slots__ = ("against", "followed", "hops", "onset", "supported", "weight")

    def __init__(self) -> None:
        self.hops: list[tuple[Cause, Hop]] = []
        self.onset = float("inf")
        self.weight: Nats = 0
        """What the state's own looks say of it."""
        self.against: Nats = 0
        """The part of it that speaks against the state."""
        self.supported = False
        self.followed = False

    def miss(self) -> Nats:
        return sum(hop.miss for _, hop in self.hops)


class Closer:
    """Closes root sets; only states that stand behind a symptom are followed further."""

    def __init__(
        self,
        ground: Ground,
        touches: Touches,
        behind: Mapping[Cause, Mapping[Key, Reading]],
        onsets: Mapping[Cause, float],
        aside: Container[Entity],
    ) -> None:
        """``aside``: entities of whose looks not all are weighed."""
        self._ground = ground
        self._touches = touches
        self._behind = behind
        self._onsets = onsets
        self._earliest = min(onsets.values())
        self._aside = aside
        self._hops: dict[Cause, tuple[Hop, ...]] = {}
        self._hopes: dict[Cause, Nats] = {}
        self._begun: dict[tuple[Cause, float], float] = {}

    def close(self, roots: Iterable[Cause], without: Container[Cause] = ()) -> Closure:
        """Breadth first from the roots, so that a consequence always has a grounded parent.

        ``without``: states that did not come about.
        """
        levels: list[dict[Cause, _Arrival]] = []
        reached: dict[Cause, float] = {root: self._onsets[root] for root in sorted(roots)}
        active = {root: Active(onset, None, undeclared=False) for root, onset in reached.items()}
        frontier = list(active)
        members: dict[Cause, set[Cause]] = {}
        explained: dict[Key, Nats] = {}
        for root, onset in reached.items():
            self._explain(root, onset, explained)
        while frontier:
            arrived: dict[Cause, _Arrival] = {}
            for cause in frontier:
                onset = reached[cause]
                for hop in (*self._hops_of(cause), *self._fallen(cause, members)):
                    if hop.cause in reached:
                        continue
                    arrival = arrived.get(hop.cause)
                    if arrival is None:
                        arrival = arrived[hop.cause] = _Arrival()
                    arrival.hops.append((cause, hop))
                    arrival.onset = min(arrival.onset, onset)
            level = dict(sorted(arrived.items(), key=itemgetter(0)))
            for state, arrival in level.items():
                arrival.followed = self._follow(state, arrival, explained)
                if state in without:
                    arrival.followed = arrival.supported = False
                    arrival.weight = arrival.against
                reached[state] = arrival.onset
            levels.append(level)
            frontier = [state for state, arrival in level.items() if arrival.followed]
            for state in frontier:
                self._explain(state, level[state].onset, explained)
        return self._keep(levels, active)

    def _explain(self, cause: Cause, onset: float, explained: dict[Key, Nats]) -> None:
        """Adds what the cause explains: log(1 − strength) of each symptom's producers."""
        for touch in self._touches.of(cause, onset):
            if touch.produces:
                explained[touch.reading.key] = explained.get(touch.reading.key, 0) + touch.miss

    def _follow(self, state: Cause, arrival: _Arrival, explained: Mapping[Key, Nats]) -> bool:
        """Whether the state may be in force; what its own looks weigh is noted on the way.

        What is explained nearer to the roots already speaks for it no more than it adds.
        """
        relevant = state in self._behind
        if relevant:
            arrival.onset = self._begun_at(state, arrival.onset)
        for touch in self._touches.of(state, arrival.onset):
            known = explained.get(touch.reading.key, 0) if touch.produces else 0
            arrival.weight += touch.beside(known) if known else touch.weight
            arrival.supported |= touch.produces
            arrival.against += 0 if touch.produces else touch.weight
        if not arrival.supported:
            return relevant and (arrival.weight >= 0 or arrival.weight + self._hope(state) > 0)
        miss = arrival.miss()
        return arrival.weight + complement(miss) - miss > 0

    def _hope(self, state: Cause) -> Nats:
        """What it would gain at best if everything that it stands behind came through it."""
        if state not in self._hopes:
            self._hopes[state] = sum(at_most(reading) for reading in self._behind[state].values())
        return self._hopes[state]

    def _keep(self, levels: list[dict[Cause, _Arrival]], active: dict[Cause, Active]) -> Closure:
        """Drop what explains nothing, last level first; what is kept must be grounded in what is kept."""
        _let_go_of_contradicted(levels)
        needed: set[Cause] = set()
        for level in reversed(levels):
            for state, arrival in level.items():
                if arrival.followed and (arrival.supported or state in needed):
                    needed.add(state)
                    needed.update(parent for parent, _ in arrival.hops)
        cost = 0
        doubted: list[tuple[Nats, Cause]] = []
        for level in levels:
            for state, arrival in level.items():
                hops = [(parent, hop) for parent, hop in arrival.hops if parent in active]
                if not hops:
                    continue  # what might have brought it about is not in force itself
                miss = sum(hop.miss for _, hop in hops)
                if state not in needed:
                    cost += _expected(arrival, miss)
                    continue
                cost += complement(miss)
                because = min(hops, key=lambda each: (each[1].miss, each[0]))[0]
                undeclared = all(hop.undeclared or active[parent].undeclared for parent, hop in hops)
                active[state] = Active(arrival.onset, because, undeclared)
                if arrival.against < -BURDEN:
                    doubted.append((arrival.against, state))
        return Closure(active, cost, tuple(state for _, state in sorted(doubted)))

    def _hops_of(self, cause: Cause) -> tuple[Hop, ...]:
        """Those that matter: what is behind no symptom and bears on no look is neither followed nor missed.

        A later onset leaves no more looks to bear on than the earliest.
        """
        if cause not in self._hops:
            behind, aside, touches = self._behind, self._aside, self._touches
            self._hops[cause] = tuple(
                [
                    hop
                    for hop in self._ground.children(cause)
                    if hop.cause in behind
                    or (hop.cause.entity not in aside and touches.of(hop.cause, self._earliest))
                ]
            )
        return self._hops[cause]

    def _fallen(self, cause: Cause, members: dict[Cause, set[Cause]]) -> Iterable[Hop]:
        """The groups of which too few members are left once this one has failed too."""
        if not cause.is_state:
            return
        for group in self._ground.graph.groups_of(cause.entity):
            whole = Cause(cause.name, group.id)
            lost = members.setdefault(whole, set())
            lost.add(cause)
            if len(lost) > len(group.members) - group.need:
                yield Hop(whole, NEVER)

    def _begun_at(self, state: Cause, onset: float) -> float:
        """A consequence begins with the first symptom that it can explain, not before its root."""
        key = (state, onset)
        if key not in self._begun:
            later = [
                reading.since
                for reading in self._behind[state].values()
                if reading.since >= onset - reading.clock_error
            ]
            self._begun[key] = max(onset, min(later, default=onset))
        return self._begun[key]


def _let_go_of_contradicted(levels: list[dict[Cause, _Arrival]]) -> None:
    """Of several ways to a state, those through what looks speak against are not taken."""
    burdens: dict[Cause, Nats] = {}
    for level in levels:
        for state, arrival in level.items():
            best = max(burdens.get(parent, 0) for parent, _ in arrival.hops)
            arrival.hops = [
                (parent, hop) for parent, hop in arrival.hops if burdens.get(parent, 0) > best - BURDEN
            ]
            burdens[state] = best + (0 if arrival.supported else min(0, arrival.weight))


def _expected(arrival: _Arrival, miss: Nats) -> Nats:
    """What it weighs that a state which ought to follow is not seen: it may just not have come about."""
    if arrival.supported:
        return miss
    if not arrival.weight:
        return 0
    missed = exp(miss / 1e6)
    return nats(missed + (1.0 - missed) * exp(arrival.weight / 1e6))
