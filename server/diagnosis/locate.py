"""Stage 1: keeps the picture of the site up to date: inventories, and backends that services miss."""

from __future__ import annotations

from enum import StrEnum

from rules.topology import Topology
from server.diagnosis.turn import Turn
from server.entry import Entry
from wire.entity import host_of, kind_of

BACKEND = "log.upstream_failed"


class Located(StrEnum):
    CHANGED = "changed"
    BACKEND_NAMED = "backend_named"
    SAME = "same"


class Locate:
    name = "locate"

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self.revision = 0
        """Rises when ways through the site may have changed."""

    def run(self, turn: Turn) -> None:
        for applied in turn.arrived:
            if applied.inventory is not None:
                changed = self._topology.update(applied.inventory)
                self.revision += changed
                turn.decide(self.name, Located.CHANGED if changed else Located.SAME, applied.host)
        for applied in turn.arrived:
            for entry in applied.changed:
                if entry.observation.signal == BACKEND and self._named(entry):
                    self.revision += 1
                    turn.decide(self.name, Located.BACKEND_NAMED, entry.id)

    def _named(self, entry: Entry) -> bool:
        seen = entry.observation
        own_service = kind_of(seen.subject) == "service" and host_of(seen.subject) == entry.host
        if not own_service or seen.path is None or not seen.path.address or seen.retired:
            return False
        return self._topology.failed(seen.subject, seen.path.address, seen.path.port, entry.since)
