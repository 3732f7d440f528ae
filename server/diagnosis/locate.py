"""Stage 1: keeps the picture of the site up to date with the inventories that came in."""

from __future__ import annotations

from enum import StrEnum

from rules.topology import Topology
from server.diagnosis.turn import Turn


class Located(StrEnum):
    CHANGED = "changed"
    SAME = "same"


class Locate:
    name = "locate"

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self.revision = 0
        """Rises when ways through the site may have changed."""

    def run(self, turn: Turn) -> None:
        for applied in turn.arrived:
            if applied.inventory is None:
                continue
            changed = self._topology.update(applied.inventory)
            self.revision += changed
            turn.decide(self.name, Located.CHANGED if changed else Located.SAME, applied.host)
