"""Stage 1: keeps the picture of the site up to date: inventories, and what services say that they miss."""

from __future__ import annotations

from enum import StrEnum

from rules.topology import Topology
from server.diagnosis.turn import Turn
from server.entry import Entry
from wire import entity as ids
from wire.entity import host_of, kind_of
from wire.judgement import Verdict

BACKEND, RECORD = "log.upstream_failed", "net.dns_record"
SERVICE = "service"
"""The evidence of a line about a file: the service that wrote it."""


class Located(StrEnum):
    CHANGED = "changed"
    BACKEND_NAMED = "backend_named"
    FILE_NAMED = "file_named"
    MISNAMED = "misnamed"
    GONE = "gone"
    SAME = "same"


class Locate:
    name = "locate"

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self.revision = 0
        """Rises when ways through the site may have changed."""

    def run(self, turn: Turn) -> None:
        for applied in turn.arrived:
            if applied.gone:
                self._topology.forget(applied.host)
                self.revision += 1
                turn.decide(self.name, Located.GONE, applied.host)
            if applied.inventory is not None:
                changed = self._topology.update(applied.inventory)
                self.revision += changed
                turn.decide(self.name, Located.CHANGED if changed else Located.SAME, applied.host)
        for applied in turn.arrived:
            for entry in applied.changed:
                reason = self._missed(entry)
                if reason is not None:
                    self.revision += 1
                    turn.decide(self.name, reason, entry.id)

    def _missed(self, entry: Entry) -> Located | None:
        """Why the picture is another one, where a single look made it so."""
        seen = entry.observation
        if seen.retired:
            return None
        if seen.signal == BACKEND and self._backend(entry):
            return Located.BACKEND_NAMED
        if kind_of(seen.subject) == "file" and self._file(entry):
            return Located.FILE_NAMED
        if seen.signal == RECORD and seen.verdict is Verdict.FAIL:
            name = ids.name_of(seen.subject).partition("@")[0]
            return Located.MISNAMED if self._topology.misnamed(name) else None
        return None

    def _file(self, entry: Entry) -> bool:
        seen = entry.observation
        service = seen.evidence.get(SERVICE)
        if not isinstance(service, str) or not service or host_of(seen.subject) != entry.host:
            return False
        return self._topology.refused(ids.service(entry.host, service), seen.subject, entry.since)

    def _backend(self, entry: Entry) -> bool:
        seen = entry.observation
        own_service = kind_of(seen.subject) == "service" and host_of(seen.subject) == entry.host
        if not own_service or seen.path is None or not seen.path.address:
            return False
        return self._topology.failed(seen.subject, seen.path.address, seen.path.port, entry.since)
