"""What nobody but the network itself knows: which way packets go, and what of it is broken."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

SERVER = "rootward"
Failure = tuple[str, ...]
"""``("switch", name)``, ``("link", one, other)``, ``("host", name)`` or ``("agent", name)``."""


@dataclass(frozen=True)
class Broken:
    what: frozenset[Failure]
    rerouted: bool
    """The network has found its way around it."""


class Look(NamedTuple):
    observer: str
    target: str
    """The host that is pinged or, when the server waits for its heartbeat, that beats."""


class Network:
    """``drawn`` as SNDlib publishes it, with so many hosts at each switch; one of them has the server."""

    def __init__(self, drawn: dict[str, Any], hosts: int, chance: random.Random) -> None:
        names = {node["id"]: str(node["name"]) for node in drawn["nodes"]}
        self.links = sorted({tuple(sorted((names[one], names[other]))) for one, other, *_ in drawn["edges"]})
        self.switches = sorted(names.values())
        self.at = {
            f"h{at}-{number}": name for at, name in enumerate(self.switches) for number in range(hosts)
        }
        self.hub = chance.choice(sorted(self.at))
        self.beside: dict[str, list[str]] = {name: [] for name in self.switches}
        for one, other in self.links:
            self.beside[one].append(other)
            self.beside[other].append(one)
        self._seed = chance.random()
        self._ways: dict[tuple[str, str], frozenset[Failure]] = {}
        self._whole: dict[str, dict[str, int]] = {}
        """Hops to each switch while nothing is broken."""

    def failures(self) -> list[Failure]:
        return [*(("link", *ends) for ends in self.links), *(("switch", name) for name in self.switches)]

    def way(self, one: str, other: str) -> frozenset[Failure]:
        """All that lies on the one way which packets take between two hosts, there and back."""
        if (one, other) not in self._ways:
            start, end = self.at[one], self.at[other]
            found = {("host", one), ("host", other)}
            for steps in (self._one_way(start, end, one, other), self._one_way(end, start, other, one)):
                found |= {("switch", name) for name in steps}
                found |= {("link", *sorted(pair)) for pair in pairwise(steps)}
            self._ways[one, other] = frozenset(found)
        return self._ways[one, other]

    def _one_way(self, start: str, end: str, *flow: str) -> list[str]:
        if end not in self._whole:
            self._whole[end] = self._hops(end, frozenset())
        hops = self._whole[end]
        chance = random.Random(f"{self._seed} {flow}")
        steps = [start]
        while steps[-1] != end:
            nearer = [name for name in self.beside[steps[-1]] if hops[name] < hops[steps[-1]]]
            steps.append(chance.choice(nearer))
        return steps

    def _hops(self, start: str, broken: frozenset[Failure]) -> dict[str, int]:
        found = {start: 0}
        queue = deque([start])
        while queue and ("switch", start) not in broken:
            here = queue.popleft()
            for there in self.beside[here]:
                if (
                    there in found
                    or ("switch", there) in broken
                    or ("link", *sorted((here, there))) in broken
                ):
                    continue
                found[there] = found[here] + 1
                queue.append(there)
        return found

    def seen(self, looks: Iterable[Look], broken: Broken) -> dict[Look, str]:
        """What of the looks is to be seen at the server: ``passes``, ``fails``, or nothing new."""
        what = broken.what
        reached = {name: self._hops(name, what) for name in set(self.at.values()) if broken.rerouted}

        def passes(one: str, other: str) -> bool:
            if not broken.rerouted:
                return self.way(one, other).isdisjoint(what)
            ends = {("host", one), ("host", other), ("switch", self.at[one]), ("switch", self.at[other])}
            return ends.isdisjoint(what) and self.at[other] in reached[self.at[one]]

        heard = {
            host
            for host in self.at
            if ("agent", host) not in what and (host == self.hub or passes(host, self.hub))
        }
        said: dict[Look, str] = {}
        for look in looks:
            well = look.target in heard if look.observer == SERVER else passes(*look)
            told = look.observer == SERVER or look.observer in heard
            said[look] = "" if not told else "passes" if well else "fails"
        return said
