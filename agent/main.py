"""Puts the agent together, runs it, and ends it cleanly."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, repeat

from agent.clock_steps import ClockSteps
from agent.config import BadConfig, Config
from agent.home import Credential, Home, NotEnrolled
from agent.host_metrics import HostMetrics
from agent.looks.discovered import complete
from agent.looks.follow import Followers
from agent.looks.rounds import Rounds
from agent.looks.run import Runner
from agent.looks.surroundings import changed, surroundings
from agent.looks.targets import Targets, names_to_ask
from agent.looks.tasks import Tasks
from agent.memory import few_arenas, trim, unmap_programs
from agent.metrics import Exposition, MetricsServer, Numbers
from agent.options import host_options
from agent.recorder import SAMPLE_SECONDS, Recorder
from agent.sending.outbox import Outbox
from agent.sending.spool import Spool
from agent.sending.uplink import Uplink
from agent.sleep import Sleep
from agent.stored import AlreadyRunning, load_remembered, load_state, lock, remembered_bytes, save
from agent.units.declared import known_units
from agent.units.finding import BadUnit
from agent.workers.blocking import Blocking, in_thread
from agent.workers.several import Workers
from collectors.discovery import discover
from collectors.host import Host
from collectors.logs.log_reading import matcher
from wire.exchange import Ack
from wire.inventory import Inventory

log = logging.getLogger("rootward.agent")
DISCOVER_SECONDS = 60.0
DISCOVER_EARLY = (10.0, 10.0, 20.0)
"""Pauses before the first discoveries after the start: who uses whom shows once there is traffic."""
DISCOVER_PATIENCE = 20.0
SAVE_SECONDS = 60.0
REMEMBER_SECONDS = 10.0
EVENT_LIFE = 900.0
"""Seconds that the answer to a task stands when no round looks again."""


def run(config: Config) -> int:
    """0 after a clean stop, 1 when it could not start."""
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s", force=True
    )
    logging.getLogger("apscheduler").setLevel(logging.CRITICAL)  # schedule.py tells what matters
    few_arenas()
    try:
        home = Home(config.home)
        credential = home.credential()
        held = lock(home)
        asyncio.run(Agent(config, home, credential).run())
    except (NotEnrolled, AlreadyRunning, BadUnit, BadConfig, OSError) as error:
        print(f"rootward agent: {error}", file=sys.stderr)
        return 1
    del held
    return 0


@dataclass
class Agent:
    """One run, from start to goodbye."""

    config: Config
    home: Home
    credential: Credential
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _saved_at: float = 0.0
    _kept: bytes = b""
    _known: tuple[bytes, ...] = ()
    _discovering: asyncio.Future[Inventory] | None = None

    async def run(self) -> None:
        self._listen_for_signals()
        self._build()
        metrics = MetricsServer(
            self.config.metrics,
            Exposition(self.outbox.entries, self._rounds, self._numbers),
            HostMetrics(self.host.for_unit()),
        )
        try:
            await self._discover()
            self.uplink.start()
            self.followers.start(self.units.collectors)
            await self._until_stopped()
        finally:
            metrics.stop()
            await self._end()

    def _build(self) -> None:
        config = self.config
        options = host_options(config)
        # The largest thing in memory, and much is thrown away while it loads: first, so that what
        # comes later fills the holes.
        matcher(options["log.cache"], options["log.rules"])
        trim()
        self.units = known_units(self.home.units)
        self.remembered = load_remembered(self.home)
        self.host = Host(self.credential.host, config.root, options=options, remembered=self.remembered)
        spool = Spool(self.home.spool, config.spool_bytes)
        self.outbox = Outbox(spool, load_state(self.home, spool), clock=time.time, wake=self._wake)
        self.targets = Targets(config, self.credential.server, self.units, self.remembered)
        self.outbox.peers = self.targets.told_peers
        self.worker = Workers(self.host)
        self.runner = Runner(self.host, time.time, self.outbox.standing, Blocking(self.host, self.worker))
        self.recorder = Recorder(self.host)
        self.rounds = Rounds(self.runner, self.outbox, self.targets, self.host.name, self.recorder.note)
        self.followers = Followers(self.runner, self.rounds, time.monotonic)
        self.tasks = Tasks(self.runner, self.units, self.targets, self.outbox, time.time)
        self._clock_steps = ClockSteps(time.time, time.monotonic)
        self._loop = asyncio.get_running_loop()
        self.uplink = Uplink(
            self.outbox,
            self.credential,
            self.home,
            self._boot_id(),
            on_ack=self._hear_from_thread,
            long_poll=config.hints.long_poll,
        )
        self._sleep = Sleep(partial(self.uplink.rest, "sleep"), self.uplink.resume)

    def _wake(self) -> None:
        self.uplink.wake()

    def _listen_for_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)

    async def _until_stopped(self) -> None:
        """Everything that goes on beside the uplink; the first that fails ends the agent, visibly."""
        work = [
            asyncio.create_task(self._rounds_loop(), name="rounds"),
            asyncio.create_task(self._every(1.0, self._save), name="save"),
            asyncio.create_task(self._every(1.0, self._watch_clock), name="clock"),
            asyncio.create_task(self._every(REMEMBER_SECONDS, self._save_remembered), name="remember"),
            asyncio.create_task(self._every(SAMPLE_SECONDS, self.recorder.sample), name="recorder"),
            asyncio.create_task(self._discovery_loop(), name="discovery"),
            asyncio.create_task(self._sleep.run(), name="sleep"),
        ]
        stop = asyncio.create_task(self._stop.wait(), name="stop")
        done, _ = await asyncio.wait([*work, stop], return_when=asyncio.FIRST_COMPLETED)
        for task in (*work, stop):
            task.cancel()
        await asyncio.gather(*work, stop, return_exceptions=True)
        for task in done - {stop}:
            if error := task.exception():
                raise error

    async def _rounds_loop(self) -> None:
        await self.rounds.first()
        self.rounds.schedule.start()
        trim()
        unmap_programs()
        await asyncio.Event().wait()

    async def _discovery_loop(self) -> None:
        for pause in chain(DISCOVER_EARLY, repeat(DISCOVER_SECONDS)):
            if await changed(self.host, self._known, pause):
                log.info("addresses, routes or resolvers changed: looking around again")
            await self._discover()
            trim()
            self._retire_answers(time.time() - EVENT_LIFE)

    def _retire_answers(self, before: float) -> None:
        self.outbox.retire(lambda entry: bool(entry.task) and not entry.round and entry.at < before)

    async def _discover(self) -> None:
        self._known = surroundings(self.host)
        if self._discovering is None or self._discovering.done():  # one that hangs is enough
            self._discovering = in_thread("discovery", lambda: discover(self.host))
        done, _ = await asyncio.wait([self._discovering], timeout=DISCOVER_PATIENCE)
        if not done:
            log.warning("discovery did not end within %g s; what was known stands", DISCOVER_PATIENCE)
            return
        found = self._discovering.result()
        names = names_to_ask(self.host)
        if self.outbox.discover(complete(found, self.config)):
            log.info("the inventory changed")
        self.targets.update(found, names, time.time())
        self.rounds.plan()

    def _watch_clock(self) -> None:
        if step := self._clock_steps.step():
            log.warning("the clock was set by %+.1f s: rounds are timed anew", step)
            self.rounds.schedule.realign()

    def _save(self) -> None:
        content = self.outbox.sync(full=time.monotonic() - self._saved_at > SAVE_SECONDS)
        if content is not None:
            self._saved_at = time.monotonic()
            save(self.home.state, content)

    def _save_remembered(self) -> None:
        kept = remembered_bytes(self.remembered)
        if kept != self._kept:
            self._kept = kept
            save(self.home.remembered, kept)

    async def _every(self, seconds: float, work: Callable[[], None]) -> None:
        while True:
            await asyncio.sleep(seconds)
            work()

    def _hear_from_thread(self, ack: Ack) -> None:
        if not self._stop.is_set():
            self._loop.call_soon_threadsafe(self._hear, ack)

    def _hear(self, ack: Ack) -> None:
        self.tasks.accept(ack)
        if ack.peers is not None:
            self.targets.meet(ack.peers)
            self.outbox.peers = self.targets.told_peers
            self.rounds.plan()
        if ack.snapshot:
            self._snapshot = in_thread("snapshot", self._send_snapshot)

    def _send_snapshot(self) -> None:
        self.uplink.send_snapshot(self.recorder.snapshot(self.credential.agent))
        trim()

    async def _end(self) -> None:
        self.rounds.stop()
        await self.followers.stop()
        await self.tasks.stop()
        await self.worker.close()
        await asyncio.to_thread(self.uplink.stop, self._goodbye())
        self._save()
        self._save_remembered()
        self.outbox.close()

    def _goodbye(self) -> str:
        state = self.host.run(["systemctl", "is-system-running"], timeout=1.0).text.strip()
        return "shutdown" if state == "stopping" else "stop"

    def _boot_id(self) -> str:
        try:
            return self.host.read("/proc/sys/kernel/random/boot_id", 64).strip()
        except OSError:
            return ""

    def _rounds(self) -> dict[str, float]:
        return self.outbox.rounds

    def _numbers(self) -> Numbers:
        waiting, dropped = self.outbox.depth()
        return Numbers(
            spool_bytes=waiting,
            dropped=dropped,
            malformed=self.outbox.malformed,
            skipped_rounds=self.rounds.schedule.skipped,
            held_back_lines=self.rounds.occurrences.suppressed,
            workers_killed=self.worker.killed,
            tasks_ran=self.tasks.ran,
            tasks_refused=self.tasks.refused,
            sent=self.uplink.sent,
            send_failures=self.uplink.failures,
            quarantined=self.uplink.quarantined,
        )
