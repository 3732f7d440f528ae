"""Drill-down: runs the checks that the server asks for, if this host knows and permits them."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from agent.edge.state import Finding
from agent.looks.look import Look, subject_of
from agent.looks.permitted import Door, NotPermitted, Permitted
from agent.looks.run import Runner
from agent.looks.targets import Targets
from agent.sending.outbox import Outbox
from agent.units.finding import CollectorUnit, ProbeUnit, Units
from wire.exchange import Ack, Task
from wire.judgement import Layer
from wire.target import DnsTarget, HttpTarget, LocalTarget, Target, TcpTarget

log = logging.getLogger("rootward.tasks")
AT_ONCE = 8
WAITING = 64
REMEMBERED = 512
NOTHING_THERE = "no such thing here now"
DOORS = 8
DOOR_REMEMBERED = 300.0
"""Seconds after a log last named it."""


@dataclass
class Tasks:
    """Ids of checks with typed parameters, never command lines. ``clock`` is this host's."""

    runner: Runner
    units: Units
    targets: Targets
    outbox: Outbox
    clock: Callable[[], float]
    ran: int = 0
    refused: int = 0
    _seen: OrderedDict[str, None] = field(default_factory=OrderedDict)
    _running: set[asyncio.Task[None]] = field(default_factory=set)
    _gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    def accept(self, ack: Ack) -> None:
        """Start what is new. The answer's time tells how far the server's clock is from ours."""
        ahead = ack.at - self.clock()
        for task in ack.tasks:
            if task.id in self._seen:
                continue
            self._seen[task.id] = None
            if len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)
            if len(self._running) >= WAITING:
                self._refuse(task, "too many tasks are waiting here")
                continue
            running = asyncio.get_running_loop().create_task(self._run(task, task.expires_at - ahead))
            self._running.add(running)
            running.add_done_callback(self._running.discard)

    async def stop(self) -> None:
        for running in list(self._running):
            running.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _run(self, task: Task, expires_at: float) -> None:
        try:
            looks = self._looks(task)
        except NotPermitted as error:
            self._refuse(task, str(error))
            return
        async with self._gate:
            if self.clock() > expires_at:
                self._refuse(task, "it expired before its turn came")
                return
            findings = await self.runner.run(looks, task=task.id)
        self.ran += 1
        asked = isinstance(looks[0].unit, ProbeUnit)
        wanted = [one for one in findings if asked or _answers(one, task)]
        if wanted:
            self.outbox.submit(wanted)
        else:
            # No result: that would keep alive what the collector has lost and what is to be retired.
            self._refuse(task, NOTHING_THERE)

    def _looks(self, task: Task) -> list[Look]:
        """Raises NotPermitted."""
        units = self.units.by_signal.get(task.check)
        if not units:
            raise NotPermitted(f"no check here is called {task.check}")
        for unit in units:
            if unit.layer is Layer.LOG:
                raise NotPermitted(f"{task.check} is read from logs as they come, not on demand")
            if isinstance(unit, CollectorUnit):
                if not isinstance(task.target, LocalTarget):
                    raise NotPermitted(f"{task.check} reads this host: its target is local")
            elif isinstance(task.target, LocalTarget):
                return [self._asked_anyway(unit, task.check, task.target)]
            elif not isinstance(task.target, unit.probe.target):
                raise NotPermitted(f"{task.check} asks about a {unit.probe.target.__name__}")
        known = self.targets.known()
        target = as_known(task.check, task.target, known)
        doors = self._doors() if isinstance(target, TcpTarget) else ()
        Permitted(self.runner.host.name, self.targets.inventory, known, doors).check(target)
        return [Look(unit, None if isinstance(unit, CollectorUnit) else target) for unit in units]

    def _asked_anyway(self, unit: ProbeUnit, check: str, target: LocalTarget) -> Look:
        """What the server names by its subject alone: the look of our rounds that judges it."""
        for known in self.targets.known():
            look = Look(unit, known)
            if (check, target.subject) in self.runner.judged(look.source):
                return look
        kind = unit.probe.target.__name__
        raise NotPermitted(f"{check} asks about a {kind}, and of {target.subject} in no round here")

    def _doors(self) -> list[Door]:
        """What logs of this host named as out of reach, the latest first and not too many: anybody may write
        a log line.
        """
        named = [
            (entry.at, (path.address, path.port))
            for entry in self.outbox.entries()
            if (path := entry.judgement.path) is not None
            and path.address
            and path.port
            and self.clock() - entry.at < DOOR_REMEMBERED
            and any(unit.layer is Layer.LOG for unit in self.units.by_signal.get(entry.judgement.signal, ()))
        ]
        return list(dict.fromkeys(door for _, door in sorted(named, reverse=True)))[:DOORS]

    def _refuse(self, task: Task, why: str) -> None:
        self.refused += 1
        log.info("task %s (%s) refused: %s", task.id, task.check, why)
        self.outbox.refuse(task.id, why)


def as_known(check: str, target: Target, known: Sequence[Target]) -> Target:
    """The target as this host asks it in its rounds: with status, text and authority as configured.

    The server names what it wants judged, and does not know these; asking with others would judge otherwise.
    """
    subject = subject_of(target)
    alike = [one for one in known if type(one) is type(target) and subject_of(one) == subject]
    if isinstance(target, HttpTarget):
        alike.sort(key=lambda one: not (isinstance(one, HttpTarget) and one.url == target.url))
    if isinstance(target, DnsTarget):
        alike.sort(key=lambda one: not (isinstance(one, DnsTarget) and one.name == target.name))
        if check != "net.dns":
            alike = [one for one in alike if isinstance(one, DnsTarget) and one.name == target.name]
    return alike[0] if alike and target not in alike else target


def _answers(finding: Finding, task: Task) -> bool:
    """A collector reads everything it knows; the task asked for one signal, of one subject or of the host."""
    if finding.judgement.signal != task.check or not isinstance(task.target, LocalTarget):
        return False
    return task.target.subject.startswith("host:") or finding.judgement.subject == task.target.subject
