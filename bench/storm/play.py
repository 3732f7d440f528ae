"""A site in its healthy rounds and in one storm: real stages, a database on disk; only time is played."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.storm.shapes import Host, Look, Storm
from rules.catalogue import Catalogue
from server.current import CurrentState
from server.desk.ticket import Ticket
from server.pipeline import Pipeline
from server.storage.database import Database
from server.storage.tickets import read_tickets
from server.tasks import TaskDesk
from wire.exchange import Batch, Heartbeat, Task
from wire.judgement import Reason, Verdict
from wire.observation import Observation
from wire.target import LocalTarget

BEGIN = 1_800_000_000.0
BEAT = 10.0
TICK = 0.5
SPREAD = 15.0
"""Seconds of one round, over which the looks of all hosts are spread."""
BEFORE = 2.0
"""Seconds until the first look fails."""
LASTS = 75.0
"""Seconds for which the failure is watched."""
ARRIVALS = {"first": -1.0, "2 s late": 2.0, "last": SPREAD + 1.0}
"""When the root's own symptom arrives, counted from the first of the others."""


class Clock:
    """Time of the play, and what the server spends of the real one."""

    def __init__(self) -> None:
        self.now = BEGIN
        self.wall = self.cpu = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.wall += time.perf_counter() - wall
        self.cpu += time.process_time() - cpu


class Desk(TaskDesk):
    """Notes who was asked, so that not every host has to be gone through for an answer."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(lambda: clock.now)
        self.asked: set[str] = set()

    def offer(self, host: str, task: Task) -> None:
        self.asked.add(host)
        super().offer(host, task)


class Agent:
    """Tells what its looks show, beats, and answers what it is asked."""

    def __init__(self, host: Host, slot: float) -> None:
        self.host = host
        self.slot = slot
        """When in a round its looks are due, seconds."""
        self.seq = 0
        self.failed = False

    @property
    def heard(self) -> bool:
        return not (self.failed and self.host.cut_off)

    def batch(self, now: float, looks: list[Look], *, task: str = "", first: bool = False) -> Batch:
        seen = tuple(self._observation(now, look, task) for look in looks)
        beat = Heartbeat(digest="", rounds={"r15": now}, interval=BEAT)
        inventory = self.host.inventory if first else None
        return Batch(
            agent=self.host.name,
            boot="b1",
            sent_at=now,
            observations=seen,
            heartbeat=beat,
            inventory=inventory,
        )

    def answers(self, now: float, task: Task) -> Batch:
        target = task.target
        subject = target.subject if isinstance(target, LocalTarget) else ""
        where = getattr(target, "address", "") or getattr(target, "host", "") or getattr(target, "url", "")
        found = [
            look
            for look in self.host.looks
            if look.signal == task.check
            and (
                look.subject == subject or (look.path and look.path.address == where) or where in look.subject
            )
        ]
        return self.batch(now, found, task=task.id)

    def _observation(self, now: float, look: Look, task: str) -> Observation:
        self.seq += 1
        bad = self.failed and look.fails is not Reason.OK
        return Observation(
            seq=self.seq,
            signal=look.signal,
            subject=look.subject,
            verdict=Verdict.FAIL if bad else Verdict.PASS,
            reason=look.fails if bad else Reason.OK,
            at=now,
            since=now,
            opposite_at=now - SPREAD if bad else None,
            path=look.path,
            confirmed=bad,
            round="r15",
            task=task,
        )


class Play:
    """One site from its first healthy rounds to the end of the storm."""

    def __init__(self, storm: Storm, folder: Path, catalogue: Catalogue) -> None:
        self.storm = storm
        self.clock = Clock()
        self.database = Database(folder / "rootward.db")
        self.current = CurrentState(BEGIN)
        self.tasks = Desk(self.clock)
        self.pipeline = Pipeline(
            catalogue,
            self.current,
            self.database,
            tasks=self.tasks,
            clock=lambda: self.clock.now,
            server_host="w000" if any(each.name == "w000" for each in storm.hosts) else "",
        )
        chance = random.Random(1)
        self.agents = {each.name: Agent(each, chance.uniform(0, SPREAD)) for each in storm.hosts}

    def settle_in(self) -> None:
        """Everybody joins and looks twice; all is well."""
        self.pipeline.declare(self.storm.site, "bench")
        for agent in self.agents.values():
            self.current.admit(agent.host.name, agent.host.name)
        self._turn([each.batch(self.clock.now, each.host.looks, first=True) for each in self.agents.values()])
        for _ in range(int(2 * SPREAD / TICK)):
            self._tick([])

    def stay_well(self) -> float:
        """CPU seconds of as long a time in which nothing fails: heartbeats cost something too."""
        self.clock.cpu = 0.0
        for _ in range(int((BEFORE + LASTS) / TICK)):
            self._tick([])
        return self.clock.cpu

    def fail(self, arrival: float) -> None:
        """The looks of all hosts fail one after the other; ``arrival``: when the root itself is seen."""
        self.clock.wall = self.clock.cpu = 0.0
        begun = self.clock.now + BEFORE
        due = sorted(
            (begun + (arrival if each.host.name == self.storm.own else each.slot), each.host.name)
            for each in self.agents.values()
        )
        for agent in self.agents.values():
            agent.failed = True
        while self.clock.now < begun + LASTS:
            ready: list[Batch] = []
            while due and due[0][0] <= self.clock.now + TICK:
                at, name = due.pop(0)
                ready += self._round(self.agents[name], at)
            self._tick(ready)

    def _round(self, agent: Agent, at: float) -> list[Batch]:
        """Its changes, unless it is cut off: then it can tell nobody."""
        worse = [look for look in agent.host.looks if look.fails is not Reason.OK]
        return [agent.batch(at, worse)] if worse and not agent.host.cut_off else []

    def _tick(self, batches: list[Batch]) -> None:
        self.clock.now += TICK
        now = self.clock.now
        for name in sorted(self.tasks.asked):
            agent = self.agents[name]
            tasks, _ = self.tasks.take(name)
            batches += [agent.answers(now, task) for task in tasks if agent.heard]
        self.tasks.asked.clear()
        beating = (each for each in self.agents.values() if (now + each.slot) % BEAT < TICK and each.heard)
        batches += [agent.batch(now, []) for agent in beating]
        self._turn(batches)

    def _turn(self, batches: list[Batch]) -> None:
        with self.clock.running():
            applied = [self.current.apply(batch, self.clock.now) for batch in batches]
            self.pipeline.turn(each for each in applied if each.tells)

    def tickets(self) -> list[Ticket]:
        """All there ever were, from disk."""
        with self.database.reading() as connection:
            return read_tickets(connection)[::-1]
