"""Stage 10: keeps up to date which hosts ping which, as hosts come and go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum

from rules.topology import Topology
from rules.topology.mesh import peers_of, seats
from server.diagnosis.turn import Turn

EVERY = 5.0
"""Seconds between two looks at whether the picture has changed."""


class Meshed(StrEnum):
    REDRAWN = "redrawn"


class Mesh:
    """Only hosts whose agent is enrolled are in it, dead or alive: nobody vouches for other addresses."""

    name = "mesh"

    def __init__(
        self,
        topology: Topology,
        enrolled: Callable[[], tuple[str, ...]],
        hand_out: Callable[[Mapping[str, tuple[str, ...]]], None],
    ) -> None:
        """``enrolled`` names the hosts that have an agent."""
        self._topology = topology
        self._enrolled = enrolled
        self._seen = (-1, -1)
        self._hand_out = hand_out
        self._drawn_from: object = None
        self._looked_at = 0.0

    def run(self, turn: Turn) -> None:
        if turn.now - self._looked_at < EVERY:
            return
        self._looked_at = turn.now
        topology = self._topology
        hosts = frozenset(self._enrolled())
        if (topology.revision, len(hosts)) == self._seen:
            return
        self._seen = (topology.revision, len(hosts))
        known = [each for each in list(topology.inventories.values()) if each.host in hosts]
        found = seats(known, topology.book, topology.wiring)
        picture = (found, topology.wiring.trunks.pairs())
        if picture == self._drawn_from:
            return
        self._drawn_from = picture
        self._hand_out(peers_of(found, topology.wiring, topology.way))
        turn.decide(self.name, Meshed.REDRAWN, f"{len(found)} addresses")
