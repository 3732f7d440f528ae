"""The way from a batch to a proven repair: one visible list of stages."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable
from uuid import uuid4

import structlog

from rules.catalogue import Catalogue
from rules.diagnosis import Key
from rules.inference import Engine
from rules.inference.temperature import load_temperatures
from rules.topology import Site, Topology
from server.current import CurrentState
from server.desk.actions import Actions
from server.desk.desk import Desk
from server.desk.routing import load_routing
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
from server.diagnosis.prove import Prove
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

SLOW_STAGE = 1.0
_log = structlog.get_logger("diagnosis")


class Pipeline:
    """All that the stages share, and ``turn``, which runs them. Only one thread may call."""

    def __init__(
        self,
        catalogue: Catalogue,
        current: CurrentState,
        database: Database,
        *,
        tasks: TaskDesk,
        observe: Callable[[str, str, int], None] = lambda _stage, _reason, _count: None,
        clock: Callable[[], float] = time.time,
        close_after: int = CLOSE_AFTER,
        server_host: str = "",
        new_id: Callable[[], str] = lambda: uuid4().hex,
    ) -> None:
        """``observe`` is told stage, reason and number of decisions; ``server_host`` is where this runs."""
        self.server_host = server_host
        self.catalogue = catalogue
        self.topology = Topology(server_host)
        self.engine = Engine(catalogue, self.topology.graph, self._temperature)
        log_born = frozenset(name for name, signal in catalogue.signals.items() if signal.born_of_log)
        self.standing = Standing(self.engine, log_born)
        self.desk = Desk(database, clock)
        self.routing = load_routing()
        self._describe = Describe(catalogue, self.topology, self.standing, self.routing)
        self.actions = Actions(self.desk, self.routing, self._describe.fields, clock)
        self._database = database
        self._clock = clock
        self._observe = observe
        self._locate = Locate(self.topology)
        self._weigh = Weigh(
            catalogue, self.topology, self.standing, self._locate, current.standing, watched=self.desk.watches
        )
        self._infer = Infer(self.engine, catalogue, self.standing)
        wanted = WantedTests(self.engine, self.standing, self.topology)
        self.drill_down = DrillDown(
            self.topology, self.standing, self._infer, wanted.of, tasks.offer, new_id=new_id
        )
        self._attention = Attention(tasks, self.drill_down, self.standing.place)
        self.stages = self._stages(current, tasks, close_after)
        self.busy = False
        """Something fails: agents should come back soon."""
        self.open_count = len(self.desk.open_tickets())
        self.turned_at = 0.0
        """When the last turn ended; a health check may look at it."""
        self._restored: tuple[str, ...] = ()
        """Hosts that the first turn has to be told of."""
        self._restore(current)

    def _stages(self, current: CurrentState, tasks: TaskDesk, close_after: int) -> tuple[Stage, ...]:
        catalogue, topology, standing, desk = self.catalogue, self.topology, self.standing, self.desk
        return (
            self._locate,
            self._weigh,
            Heed(catalogue, standing, desk),
            Listen(catalogue, topology, standing, current, tasks.gone),
            CompareClocks(catalogue, topology, standing, current),
            CompareAddresses(catalogue, topology, standing),
            CompareMacs(catalogue, topology, standing),
            CompareMasks(catalogue, topology, standing),
            self._infer,
            self.drill_down,
            Settle(catalogue, topology.graph, standing, desk, self.drill_down),
            TicketStage(standing, desk, self._describe, Moving(catalogue, standing, desk.diagnoses)),
            Prove(catalogue, topology.graph, standing, desk),
            Timers(desk, close_after),
            Mesh(topology, current.hosts, tasks.spread),
        )

    def declare(self, site: Site, actor: str) -> None:
        """Takes a site's declaration in place of the one before.

        Raises ValueError, naming the entry, for a site that is wrong; then nothing has changed.
        """
        Topology().declare(site)
        now = self._clock()
        self._database.writer.run(lambda connection: write_site(connection, site, actor, now)).result()
        self._draw(site, now)

    def _draw(self, site: Site, at: float) -> None:
        self.topology.declare(site, at)
        self._locate.revision += 1

    def turn(self, arrived: Iterable[Applied] = ()) -> Turn:
        """One pass through all stages, committed as a whole."""
        turn = Turn(self._clock(), list(arrived), self.desk.draft(), self._restored)
        for stage in self.stages:
            began = time.perf_counter()
            stage.run(turn)
            took = time.perf_counter() - began
            if took > SLOW_STAGE:
                _log.warning("slow stage", stage=stage.name, seconds=round(took, 2))
        self.desk.commit(turn.draft)
        self._restored = ()
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

    def _restore(self, current: CurrentState) -> None:
        """Current state as it was rebuilt from disk, weighed anew; open tickets find their symptoms again."""
        with self._database.reading() as connection:
            declared = read_site(connection)
        if declared is not None:
            self._draw(*declared)
        now = self.standing.restored_at = self._clock()
        by_agent = [
            Applied(agent=agent, host="", received_at=now, changed=tuple(current.entries(agent)))
            for agent in current.agents()
        ]
        pictures = [
            Applied(agent="", host=each.host, received_at=now, inventory=each)
            for each in current.inventories()
        ]
        self._restored = tuple(each.host for each in pictures)
        turn = Turn(now, [*pictures, *by_agent], self.desk.draft())
        self._locate.run(turn)
        self._weigh.run(turn)
        while self._weigh.waiting:
            self._weigh.run(Turn(now, [], self.desk.draft()))
