"""The way from a batch to a proven repair: one visible list of stages, run by one thread."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import Future
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TypeVar
from uuid import uuid4

import msgspec
import structlog

from rules.catalogue import Catalogue
from rules.diagnosis import Key
from rules.inference import Engine
from rules.inference.temperature import load_temperatures
from rules.topology import Site, Topology
from server.config import BadSetting
from server.current import CurrentState
from server.desk.actions import Actions
from server.desk.desk import Desk
from server.desk.routing import Routing, load_routing
from server.diagnosis.attention import Attention
from server.diagnosis.compare_addresses import CompareAddresses
from server.diagnosis.compare_clocks import CompareClocks
from server.diagnosis.compare_macs import CompareMacs
from server.diagnosis.compare_masks import CompareMasks
from server.diagnosis.decisions import log_decisions
from server.diagnosis.describe import Describe
from server.diagnosis.drill_down import DrillDown
from server.diagnosis.heed import Heed
from server.diagnosis.infer import Infer
from server.diagnosis.listen import Listen
from server.diagnosis.locate import Locate
from server.diagnosis.mesh import Mesh
from server.diagnosis.moving import Moving
from server.diagnosis.overrun import MAX_WAITING, MAX_WAITING_LOOKS, Overrun
from server.diagnosis.prove import HOLD_DOWN, Prove
from server.diagnosis.settle import Settle
from server.diagnosis.standing import Standing
from server.diagnosis.ticket import TicketStage
from server.diagnosis.timers import CLOSE_AFTER, Timers
from server.diagnosis.turn import Stage, Turn
from server.diagnosis.wanted import WantedTests
from server.diagnosis.weigh import Weigh
from server.entry import Applied
from server.storage.database import Database
from server.storage.declarations import read_site, write_site
from server.tasks import TaskDesk

T = TypeVar("T")
STOP_SECONDS = 4.0
BUSY_TICK = 0.5
QUIET_TICK = 1.0
SLOW_STAGE = 1.0
MIN_REST = 0.05
"""Seconds between two turns, at least; and at least as long as the turn took: batches must get their
acknowledgement from the same interpreter, whatever there is to think about."""
MAX_ARRIVALS = 2_000
"""Batches of one turn; the rest waits for the next, so that a storm cannot hold back the tickets."""
_log = structlog.get_logger("diagnosis")


class BadSite(BadSetting):
    """A site file that cannot be used."""


class Pipeline:
    """``submit`` what was applied; ``ask`` to change tickets; everything else happens in the thread."""

    def __init__(
        self,
        catalogue: Catalogue,
        current: CurrentState,
        database: Database,
        *,
        tasks: TaskDesk,
        observe: Callable[[str, str, int], None] = lambda _stage, _reason, _count: None,
        clock: Callable[[], float] = time.time,
        hold_down: float = HOLD_DOWN,
        close_after: int = CLOSE_AFTER,
        server_host: str = "",
        routing: Routing | None = None,
        new_id: Callable[[], str] = lambda: uuid4().hex,
    ) -> None:
        """``observe`` is told stage, reason and number of decisions; ``server_host`` is where this runs."""
        self.server_host = server_host
        self.topology = Topology(server_host)
        self.engine = Engine(catalogue, self.topology.graph, self._temperature)
        log_born = frozenset(name for name, signal in catalogue.signals.items() if signal.born_of_log)
        self.standing = Standing(self.engine, log_born)
        self.overrun = Overrun(current, self.standing)
        self.desk = Desk(database, clock)
        self._current = current
        self._database = database
        self._clock = clock
        self._observe = observe
        self._arrived: deque[Applied] = deque()
        self._calls: SimpleQueue[Callable[[], None]] = SimpleQueue()
        """What wakes the thread: something to do for somebody who waits, or ``_something_arrived``."""
        self._thread = Thread(target=self._loop, name="diagnosis", daemon=True)
        locate = self._locate = Locate(self.topology)
        infer = Infer(self.engine, catalogue, self.standing)
        self.drill_down = DrillDown(
            self.topology,
            self.standing,
            infer,
            WantedTests(self.engine, self.standing, self.topology).of,
            tasks.offer,
            new_id=new_id,
        )
        self._attention = Attention(tasks, self.drill_down, self.standing.place)
        self.catalogue = catalogue
        self.routing = routing or load_routing()
        describe = Describe(catalogue, self.topology, self.standing, self.routing)
        self.actions = Actions(self.desk, self.routing, describe.fields, clock)
        self._weigh = Weigh(
            catalogue, self.topology, self.standing, locate, current.standing, watched=self.desk.watches
        )
        self.stages: tuple[Stage, ...] = (
            locate,
            self._weigh,
            Heed(catalogue, self.standing, self.desk),
            Listen(catalogue, self.topology, self.standing, current, tasks.gone),
            CompareClocks(catalogue, self.topology, self.standing, current),
            CompareAddresses(catalogue, self.topology, self.standing),
            CompareMacs(catalogue, self.topology, self.standing),
            CompareMasks(catalogue, self.topology, self.standing),
            infer,
            self.drill_down,
            Settle(catalogue, self.topology.graph, self.standing, self.desk, self.drill_down),
            TicketStage(
                self.standing, self.desk, describe, Moving(catalogue, self.standing, self.desk.diagnoses)
            ),
            Prove(catalogue, self.topology.graph, self.standing, self.desk, hold_down),
            Timers(self.desk, close_after),
            Mesh(self.topology, current.hosts, tasks.spread),
        )
        self._stopping = False
        self._rested_at = 0.0
        self._handed_over = 0
        """Looks, counted by who submits; ``_taken`` by the diagnosis thread. Neither waits for the other."""
        self._taken = 0
        self.busy = False
        """Something fails: agents should come back soon."""
        self.open_count = len(self.desk.open_tickets())
        self.turned_at = 0.0
        """When the last turn ended; a health check may look at it."""
        self._restore()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends after the turn that runs; what it decided is on disk.

        What still waits is in the current state, and is weighed at the next start. A turn that takes
        longer than a stop may take is left behind: it writes all or nothing.
        """
        self._stopping = True
        self._calls.put(_something_arrived)
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)

    def submit(self, applied: Applied) -> None:
        """Never blocks. In a storm only what stands afterwards is weighed, not each change on the way."""
        if len(self._arrived) >= MAX_WAITING or self._handed_over - self._taken >= MAX_WAITING_LOOKS:
            self.overrun.note(applied)
            return
        self._handed_over += len(applied.changed)
        self._arrived.append(applied)
        if len(self._arrived) == 1:
            self._calls.put(_something_arrived)

    def ask(self, command: Callable[[], T]) -> Future[T]:
        """Runs ``command`` in the diagnosis thread, between two turns; the only way to change tickets."""
        future: Future[T] = Future()

        def run() -> None:
            try:
                future.set_result(command())
            except Exception as error:  # noqa: BLE001  # belongs to whoever asked
                future.set_exception(error)

        self._calls.put(run)
        return future

    def declare(self, site: Site, actor: str) -> None:
        """Takes a site's declaration in place of the one before. Only in the diagnosis thread.

        Raises ValueError, naming the entry, for a site that is wrong; then nothing has changed.
        """
        Topology().declare(site)
        now = self._clock()
        self._database.writer.run(lambda connection: write_site(connection, site, actor, now)).result()
        self._draw(site, now)

    def read_site_file(self, path: Path) -> None:
        """What the file declares holds from the start on. Raises BadSite, naming file and field."""
        if not path.exists():
            return
        try:
            self.declare(msgspec.toml.decode(path.read_bytes(), type=Site), path.name)
        except (msgspec.DecodeError, ValueError) as error:
            raise BadSite(f"{path}: {error}") from None

    def _draw(self, site: Site, at: float) -> None:
        self.topology.declare(site, at)
        self._locate.revision += 1

    def turn(self, arrived: Iterable[Applied] = ()) -> Turn:
        """One pass through all stages, committed as a whole."""
        turn = Turn(self._clock(), list(arrived), self.desk.draft())
        for stage in self.stages:
            began = time.perf_counter()
            stage.run(turn)
            took = time.perf_counter() - began
            if took > SLOW_STAGE:
                _log.warning("slow stage", stage=stage.name, seconds=round(took, 2))
        self.desk.commit(turn.draft)
        for stage_name, reason, count in log_decisions(turn.decisions):
            self._observe(stage_name, reason, count)
        self._attention.turn_to(turn)
        self.busy = bool(self.standing.failing)
        self.open_count = len(self.desk.open_tickets())
        self.turned_at = self._clock()
        return turn

    def _temperature(self, symptoms: Collection[Key]) -> float:
        """Of what is concluded from them: the drill-down has asked about them, or not yet."""
        fitted = load_temperatures()
        return fitted.after if self.drill_down.ended(symptoms) else fitted.before

    def _restore(self) -> None:
        """Current state as it was rebuilt from disk, weighed anew; open tickets find their symptoms again."""
        with self._database.reading() as connection:
            declared = read_site(connection)
        if declared is not None:
            self._draw(*declared)
        now = self.standing.restored_at = self._clock()
        by_agent = [
            Applied(agent=agent, host="", received_at=now, changed=tuple(self._current.entries(agent)))
            for agent in self._current.agents()
        ]
        pictures = [
            Applied(agent="", host=each.host, received_at=now, inventory=each)
            for each in self._current.inventories()
        ]
        turn = Turn(now, [*pictures, *by_agent], self.desk.draft())
        self._locate.run(turn)
        self._weigh.run(turn)
        while self._weigh.waiting:
            self._weigh.run(Turn(now, [], self.desk.draft()))

    def _loop(self) -> None:
        while not self._stopping:
            arrived = self._gather()
            began = time.monotonic()
            try:
                self.turn([*arrived, *self.overrun.take(self._clock())])
            except Exception:  # noqa: BLE001  # the one broad except of this loop
                # One turn that fails must not end diagnosis: nothing of it was written, what arrived is in
                # the current state, and the next turn decides again.
                _log.exception("a turn failed")
                for applied in arrived:
                    self.overrun.note(applied)
            ended = time.monotonic()
            self._rested_at = ended + max(MIN_REST, ended - began)

    def _gather(self) -> list[Applied]:
        """Waits for something to happen or the tick to end; then takes all that is there.

        However much arrives meanwhile, this thread is woken once: each time, ingest would have to wait.
        """
        tick = BUSY_TICK if self.busy or self.desk.open_tickets() else QUIET_TICK
        due = max(time.monotonic() + tick, self._rested_at)
        while not self._stopping:
            try:
                call = self._calls.get(timeout=max(0.0, due - time.monotonic()))
            except Empty:
                break
            call()
            due = self._rested_at
        arrived = [self._arrived.popleft() for _ in range(min(MAX_ARRIVALS, len(self._arrived)))]
        self._taken += sum(len(applied.changed) for applied in arrived)
        if self._arrived:
            self._calls.put(_something_arrived)
        return arrived


def _something_arrived() -> None:
    """Wakes the diagnosis thread; what arrived waits in line."""
