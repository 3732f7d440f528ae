"""Which services are watched, and what becomes of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import ip_address

from collectors.host import Host
from collectors.identity import command_of
from collectors.process_table import Process, process, processes
from collectors.services.listening import Service
from collectors.services.service_memory import DoorKey, Remembered, Watched, keep, recall

SETTLED_SECONDS = 30.0
"""A server that ends sooner was somebody's try, not a service."""
SETTLED_DAEMON_SECONDS = 10.0
"""The same for one without terminal that the system or a supervisor started."""
FORGET_SECONDS = 7 * 86400.0
"""What has been gone for so long was taken away for good."""

MEANT_SO_SECONDS = 3600.0
"""Where a service has let in only its own machine for so long, it is meant to."""


class ServiceWatch:
    """Learns services from what listens, remembers them, and follows their processes."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._first_seen: dict[str, float] = {}
        self.watched = recall(host)

    def learn(self, found: Iterable[Service]) -> None:
        """Take in what listens now."""
        now = self._host.ticks()
        present = {service.name: service for service in found}
        self._first_seen = {name: self._first_seen.get(name, now) for name in present}
        for name, service in present.items():
            if name not in self.watched and self._settled(service, now):
                self.watched[name] = Watched(Remembered())
            if name in self.watched:
                self._take_in(self.watched[name], service)
        for name in self.watched.keys() - present.keys():
            self._search(self.watched[name])
        self._forget()
        keep(self._host, self.watched)

    def note_waiting(self, waiting: Mapping[DoorKey, int]) -> None:
        """How many connections wait at each door now, between two times of learning."""
        for one in self.watched.values():
            for key in one.doors:
                self._note_stuck(one, key, waiting.get(key, 0))

    def alive(self, one: Watched) -> Process | None:
        """The main process as it is now, while it lives."""
        now = process(self._host, one.pid) if one.pid else None
        return now if now is not None and now.started == one.started and now.state not in "ZX" else None

    def _settled(self, service: Service, now: float) -> bool:
        if service.unit:
            return True
        known_for = max(service.age, now - self._first_seen[service.name])
        return known_for >= (SETTLED_DAEMON_SECONDS if service.daemon else SETTLED_SECONDS)

    def _take_in(self, one: Watched, service: Service) -> None:
        self._run_by(one, process(self._host, service.pid) if service.pid else None)
        one.pids, one.hidden = service.pids, service.hidden
        one.faceless = not service.pid and not service.hidden
        one.doors = {(door.protocol, door.port): door for door in service.doors}
        self._note_withdrawn(one)
        one.stuck = {key: since for key, since in one.stuck.items() if key in one.doors}
        for key, door in one.doors.items():
            self._note_stuck(one, key, door.waiting)
        known = one.remembered
        known.unit, known.seen = service.unit, self._host.clock()
        known.process, known.command = service.process or known.process, service.command or known.command
        if self._settled(service, self._host.ticks()):
            self._learn_doors(one)

    def _note_withdrawn(self, one: Watched) -> None:
        """A door that was open to others and no longer is; what stays so is meant so."""
        now = self._host.ticks()
        reached = {
            key
            for key, door in one.doors.items()
            if any(not ip_address(each).is_loopback for each in door.addresses)
        }
        since = {
            key: one.withdrawn.get(key, now)
            for key in one.remembered.reached
            if key in one.doors and key not in reached
        }
        one.withdrawn = {key: at for key, at in since.items() if now - at <= MEANT_SO_SECONDS}
        one.remembered.reached = sorted(reached | one.withdrawn.keys())

    def _learn_doors(self, one: Watched) -> None:
        """A new process that settled may have been given other doors; the same one only gains some."""
        lasting = one.remembered.doors if one.learnt_from in (0, one.started) else []
        one.remembered.doors = sorted({*lasting, *one.doors})
        one.learnt_from = one.started

    def _run_by(self, one: Watched, main: Process | None) -> None:
        """Another process than before is a restart."""
        if main is None:
            return
        if one.started and (main.pid, main.started) != (one.pid, one.started):
            one.restarts.append(self._host.ticks())
        one.pid, one.started = main.pid, main.started

    def _search(self, one: Watched) -> None:
        """It does not listen. Is there still, or again, a process of it?"""
        one.doors, one.pids = {}, ()
        one.stuck.clear()
        self._run_by(one, self.alive(one) or self._same_command(one))

    def _same_command(self, one: Watched) -> Process | None:
        known = one.remembered
        if not known.command:
            return None
        for candidate in processes(self._host, 0.2).values():
            if candidate.name == known.process and candidate.state not in "ZX":
                words = command_of(self._host, candidate.pid)
                if " ".join(words)[:512] == known.command:
                    return candidate
        return None

    def _note_stuck(self, one: Watched, key: DoorKey, waiting: int) -> None:
        """As long as the number never falls, nobody accepted."""
        since, before = one.stuck.get(key, (self._host.ticks(), 0))
        if not waiting:
            one.stuck.pop(key, None)
        else:
            one.stuck[key] = (since if waiting >= before else self._host.ticks(), waiting)

    def _forget(self) -> None:
        oldest = self._host.clock() - FORGET_SECONDS
        for name, one in list(self.watched.items()):
            if not one.pid and not one.doors and one.remembered.seen < oldest:
                del self.watched[name]
