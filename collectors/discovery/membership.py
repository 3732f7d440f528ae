"""Which service a process works for: the nearest main process above it, its unit, or itself as a daemon."""

from __future__ import annotations

from collections.abc import Iterable

from collectors.host import Host
from collectors.identity import identify, unit_of
from collectors.process_table import Looked, Process
from collectors.services.listening import Service, is_daemon

HIGHEST = 32
"""Steps up the tree of processes, against a table that changes while it is read."""


class Membership:
    """Answers for one pass over the process table."""

    def __init__(self, host: Host, services: Iterable[Service], table: Looked | dict[int, Process]) -> None:
        self._host = host
        self._table = table
        self._mains = {service.pid: service.name for service in services if service.pid}
        self._units = {service.unit: service.name for service in services if service.unit}
        self._known: dict[int, str] = {}

    def service(self, pid: int) -> str:
        """Its name, or ``""`` for what works for no service."""
        if pid not in self._known:
            self._known[pid] = self._by_tree(pid) or self._by_unit(pid) or self._by_itself(pid)
        return self._known[pid]

    def _by_tree(self, pid: int) -> str:
        for _ in range(HIGHEST):
            if pid in self._mains:
                return self._mains[pid]
            process = self._table.get(pid)
            if process is None or process.parent <= 1:
                return ""
            pid = process.parent
        return ""

    def _by_unit(self, pid: int) -> str:
        unit = unit_of(self._host, pid)
        return self._units.get(unit, unit.removesuffix(".service")) if unit else ""

    def _by_itself(self, pid: int) -> str:
        """A daemon on which nothing listens, as a worker that only fetches what is to be done."""
        for _ in range(HIGHEST):
            process = self._table.get(pid)
            if process is None or process.kernel:
                return ""
            parent = self._table.get(process.parent)
            if is_daemon(process, parent):
                return identify(self._host, process).name
            pid = process.parent
        return ""
