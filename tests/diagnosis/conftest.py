"""A site of agents that speak the true wire messages to the true pipeline over a true database."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from drills.claims import unproven
from rules.catalogue import Catalogue, load_catalogue
from rules.diagnosis import Diagnosis
from rules.report import Form, Language, render
from server.current import CurrentState
from server.desk.report_view import report_view
from server.desk.ticket import Ticket
from server.pipeline import Pipeline
from server.storage.database import Database
from server.storage.tickets import read_cited, read_diagnosis, read_events, read_tickets
from server.tasks import TaskDesk
from wire import entity as ids
from wire.codec import decode, encode
from wire.exchange import Batch, Heartbeat, Task
from wire.inventory import Composite, Gateway, Inventory, Listener, Nic
from wire.judgement import Evidence, Reason, Verdict
from wire.judgement import Path as Way
from wire.observation import Observation
from wire.target import ArrivalTarget, LocalTarget, Target

BEGIN = 1_800_000_000.0
BEAT = 10.0
GATEWAY = "10.0.0.254"


class Agent:
    """What one agent remembers of its host; it says what changed, as the real one does."""

    def __init__(self, number: int, host: str, boot: str = "") -> None:
        self.id = f"agent-{host}"
        self.host = host
        self.address = f"10.0.0.{number}"
        self.prefix = 24
        self.mac = f"02:00:00:00:00:{number:02x}"
        self.boot = boot or f"first of {host}"
        self.seq = 0
        self.looks: dict[tuple[str, str], Observation] = {}
        self.fresh: list[Observation] = []
        self.alive = True
        self.behind = 0.0
        """Seconds that its clock is slow."""
        self.services = ["nginx", "db"]
        self.composites: tuple[Composite, ...] = ()
        self.more_nics: tuple[Nic, ...] = ()

    def inventory(self) -> Inventory:
        interface = f"{self.address}/{self.prefix}"
        return Inventory(
            host=self.host,
            boot_id=self.boot,
            nics=(Nic(name="eth0", mac=self.mac, addresses=(interface,)), *self.more_nics),
            composites=self.composites,
            gateways=() if self.address == GATEWAY else (Gateway(address=GATEWAY, interface="eth0"),),
            listeners=tuple(
                Listener(service=name, port=port, address="0.0.0.0")
                for name, port in zip(self.services, (80, 5432), strict=False)
            ),
        )

    def look(
        self,
        now: float,
        signal: str,
        subject: str,
        reason: Reason = Reason.OK,
        *,
        verdict: Verdict | None = None,
        path: Way | None = None,
        round_: str = "r15",
        confirmed: bool = True,
        at: float | None = None,
        intermittent: tuple[Reason, ...] = (),
        retired: bool = False,
        evidence: Evidence | None = None,
    ) -> None:
        """The result of a look; it is sent when it differs from the one before."""
        now -= self.behind
        verdict = verdict or (Verdict.PASS if reason is Reason.OK else Verdict.FAIL)
        before = self.looks.get((signal, subject))
        if before and (before.verdict, before.reason, retired) == (verdict, reason, False):
            return
        self.seq += 1
        at = now if at is None else at
        observation = Observation(
            seq=self.seq,
            signal=signal,
            subject=subject,
            verdict=verdict,
            reason=reason,
            at=at,
            since=at,
            opposite_at=before.at if before else None,
            confirmed=confirmed and verdict is Verdict.FAIL,
            path=path,
            round="" if signal.startswith("log.") else round_,
            intermittent=intermittent,
            retired=retired,
            evidence=evidence or {},
        )
        self.looks[(signal, subject)] = observation
        self.fresh.append(observation)

    def answer(self, now: float, task: Task) -> None:
        """Runs a drill-down test: what the host would see now."""
        now -= self.behind
        for (signal, subject), seen in list(self.looks.items()):
            if signal == task.check and _asked_about(task.target, subject, seen.path):
                self.seq += 1
                again = msgspec.structs.replace(
                    seen, seq=self.seq, at=now, task=task.id, confirmed=seen.verdict is Verdict.FAIL
                )
                self.looks[(signal, subject)] = again
                self.fresh.append(again)

    def batch(self, now: float, *, beat: bool = True, inventory: bool = False, goodbye: str = "") -> Batch:
        now -= self.behind
        fresh, self.fresh = self.fresh, []
        pulse = Heartbeat(digest="", rounds={"r15": now}, interval=BEAT, goodbye=goodbye) if beat else None
        return Batch(
            agent=self.id,
            boot=self.boot,
            sent_at=now,
            observations=tuple(fresh),
            heartbeat=pulse,
            inventory=self.inventory() if inventory else None,
        )


def _asked_about(target: Target, subject: str, path: Way | None) -> bool:
    if isinstance(target, LocalTarget | ArrivalTarget):
        return target.subject == subject
    address = getattr(target, "address", "") or getattr(target, "host", "")
    return path is not None and path.address == address


class Lab:
    """The server's half for real; time passes when the test says so."""

    def __init__(self, folder: Path, catalogue: Catalogue) -> None:
        self.folder = folder
        self.catalogue = catalogue
        self.now = BEGIN
        self.server_host = "web1"
        self.agents: dict[str, Agent] = {}
        self.prepare: Callable[[Agent], None] = lambda agent: None
        self.times: Callable[[], int] = lambda: 1
        """How often the next batch is delivered."""
        self.log: list[Batch] = []
        self.received: list[float] = []
        self.database = Database(folder / "rootward.db")
        self._begin()

    def _begin(self) -> None:
        self.current = CurrentState(self.now)
        self.tasks = TaskDesk(lambda: self.now)
        for agent in self.agents.values():
            self.current.admit(agent.id, agent.host)
        for batch, at in zip(self.log, self.received, strict=True):
            self.current.apply(batch, at)
        self.pipeline = Pipeline(
            self.catalogue,
            self.current,
            self.database,
            tasks=self.tasks,
            clock=lambda: self.now,
            server_host=self.server_host,
        )

    def restart(self) -> None:
        """The process is gone; the batch log and the database are what is left."""
        self.database.close()
        self.database = Database(self.folder / "rootward.db")
        self._begin()

    def join(self, *hosts: str) -> None:
        for host in hosts:
            agent = self.agents[host] = Agent(len(self.agents) + 1, host)
            self.prepare(agent)
            self.current.admit(agent.id, host)
            for name in agent.services:
                agent.look(self.now, "svc.process", ids.service(host, name))
                agent.look(self.now, "svc.port", ids.service(host, name))
            agent.look(self.now, "net.link", ids.nic(host, "eth0"))
            self.send(agent, inventory=True)
        self.pass_time(20)

    def send(self, agent: Agent, *, beat: bool = True, inventory: bool = False, goodbye: str = "") -> None:
        batch = decode(encode(agent.batch(self.now, beat=beat, inventory=inventory, goodbye=goodbye)), Batch)
        for _ in range(self.times()):
            self.log.append(batch)
            self.received.append(self.now)
            self.pipeline.turn([self.current.apply(batch, self.now)])

    def look(self, host: str, signal: str, subject: str, reason: Reason = Reason.OK, **more: object) -> None:
        """One result, sent at once."""
        agent = self.agents[host]
        agent.look(self.now, signal, subject, reason, **more)  # type: ignore[arg-type]
        if agent.fresh:
            self.send(agent, beat=False)

    def ping(self, host: str, other: str, reason: Reason = Reason.OK) -> None:
        """``host`` pings the agent of another host."""
        address = self.agents[other].address
        way = Way(interface="eth0", source=self.agents[host].address, address=address)
        self.look(host, "net.icmp", ids.host(other), reason, path=way)

    def pass_time(self, seconds: float) -> None:
        """In half seconds; agents that are alive send their heartbeats."""
        end = self.now + seconds
        while self.now < end:
            self.now += 0.5
            self.pipeline.turn([])
            self._work_off()
            if self.now % BEAT == 0:
                for agent in self.agents.values():
                    if agent.alive:
                        self.send(agent)

    def _work_off(self) -> None:
        for agent in self.agents.values():
            if not agent.alive:
                continue
            tasks, _snapshot = self.tasks.take(agent.host)
            for task in tasks:
                agent.answer(self.now, task)
            if agent.fresh:
                self.send(agent, beat=False)

    def hang_up(self, host: str) -> None:
        """The connection on which the agent of the host waits is closed from there."""
        self.pass_time(0.5)
        asyncio.run(self._hold_until_closed(host))

    async def _hold_until_closed(self, host: str) -> None:
        await self.tasks.hold(host, 60, lambda: asyncio.sleep(0))

    def tickets(self, *, open_only: bool = False) -> list[Ticket]:
        """From disk, oldest first."""
        with self.database.reading() as connection:
            return read_tickets(connection, only_open=open_only)[::-1]

    def diagnoses(self) -> list[Diagnosis]:
        """What is held for true now, with a ticket or without."""
        return self.pipeline.turn().diagnoses

    def report(self, ticket: Ticket, form: Form = "md", language: Language = "en") -> str:
        """As the command line and the API give it."""
        with self.database.reading() as connection:
            diagnosis = read_diagnosis(connection, int(ticket.id))
            assert diagnosis is not None
            view = report_view(
                ticket,
                diagnosis,
                events=read_events(connection, int(ticket.id)),
                observations=read_cited(connection, int(ticket.id)),
                routing=self.pipeline.routing,
                language=language,
                now=self.now,
            )
        return render(view, self.catalogue, form, language)

    def unproven(self) -> list[str]:
        """What the reports of all tickets claim without proof."""
        reports = [json.loads(self.report(ticket, "json")) for ticket in self.tickets()]
        return [claim for report in reports for claim in unproven(report)]

    def only_ticket(self) -> Ticket:
        found = self.tickets()
        assert len(found) == 1, [(each.id, each.fault, each.entity, each.status) for each in found]
        return found[0]

    def stop(self, host: str, service: str) -> None:
        self.look(host, "svc.process", ids.service(host, service), Reason.STOPPED)
        self.look(host, "svc.port", ids.service(host, service), Reason.REFUSED)

    def start(self, host: str, service: str) -> None:
        self.look(host, "svc.process", ids.service(host, service))
        self.look(host, "svc.port", ids.service(host, service))


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load_catalogue()


@pytest.fixture
def lab(tmp_path: Path, catalogue: Catalogue) -> Iterator[Lab]:
    made = Lab(tmp_path, catalogue)
    yield made
    claimed = made.unproven()
    made.database.close()
    assert claimed == []


@pytest.fixture(scope="session")
def new_lab(tmp_path_factory: pytest.TempPathFactory, catalogue: Catalogue) -> Callable[[], Lab]:
    return lambda: Lab(tmp_path_factory.mktemp("lab"), catalogue)


def plain(ticket: Ticket) -> dict[str, object]:
    """What two runs must agree on."""
    return {
        name: getattr(ticket, name) for name in ("fault", "entity", "domain", "status", "hosts", "priority")
    }


__all__ = ["Agent", "Lab", "msgspec", "plain"]
