"""One whole round without a server: what ``rootward diagnose`` looks at."""

from __future__ import annotations

import asyncio
import time

import msgspec

from agent.config import Config
from agent.edge.evidence import cleaned, hint, numbered
from agent.edge.state import EdgeState, Finding
from agent.looks.discovered import complete
from agent.looks.look import Look, describe
from agent.looks.run import Runner
from agent.looks.targets import Targets, names_to_ask
from agent.offline.recent_logs import recent_logs
from agent.options import host_options
from agent.units.finding import CollectorUnit, load_units
from agent.workers.blocking import Blocking, in_thread
from agent.workers.several import Workers
from collectors.discovery import discover
from collectors.host import Host
from wire.inventory import Inventory
from wire.judgement import Judgement, Reason, Verdict
from wire.observation import Observation
from wire.target import DnsTarget

NO_ANSWER = frozenset(
    [Reason.CARRIER, Reason.NO_ROUTE, Reason.UNREACHABLE, Reason.PROHIBITED, Reason.TIMEOUT, Reason.REFUSED]
)
APART = 1.0
"""Seconds between the two samples of what is counted."""
PATIENCE = 7.5
"""Seconds for all of it; what is not through by then is listed as unchecked."""
DISCOVER_SECONDS = 3.0
LOG_SECONDS = 10.0
"""Compiling the signatures takes most of them where no agent has kept them."""


class Unchecked(msgspec.Struct, frozen=True):
    """Something that could not be looked at, and why."""

    what: str
    why: str


class OneRound(msgspec.Struct, frozen=True):
    inventory: Inventory
    observations: list[Observation]
    unchecked: list[Unchecked]


def one_round(config: Config) -> OneRound:
    """Blocks for a few seconds, at most about eleven. Raises BadUnit."""
    return asyncio.run(Once(config).run())


class Once:
    """The parts of an agent that look, without those that keep and send."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self.units = load_units()
        self._host = Host(config.host, config.root, options=host_options(config))
        self._worker = Workers(self._host)
        self._state = EdgeState()
        self.looks: list[Look] = []
        self.findings: list[Finding] = []
        """All results of the last pass, also those of targets on trial."""
        blocking = Blocking(self._host, self._worker)
        self._runner = Runner(self._host, time.time, lambda s, o: self._state.get((s, o)), blocking)

    async def run(self) -> OneRound:
        until, logs_until = time.monotonic() + PATIENCE, time.monotonic() + LOG_SECONDS
        logs = in_thread("logs", lambda: list(recent_logs(self._host.for_unit())))
        inventory = await self._discover()
        unchecked: list[Unchecked] = []
        if inventory is None:
            unchecked.append(Unchecked("discovery", f"not through within {DISCOVER_SECONDS:g} s"))
            inventory = Inventory(host=self._config.host, at=time.time())
        targets = Targets(self._config, self._config.server, self.units, {})
        targets.update(inventory, names_to_ask(self._host), time.time())
        self.looks = targets.looks()
        try:
            unchecked += await self._look(until - time.monotonic())
        finally:
            await self._worker.close()
        self._take(self._counted(targets))
        self._take(await self._said(logs, logs_until - time.monotonic()))
        observations = numbered(self._state)
        unchecked += [_unknown(one) for one in observations if one.verdict is Verdict.UNKNOWN]
        return OneRound(complete(inventory, self._config), observations, unchecked)

    async def _discover(self) -> Inventory | None:
        """None when it hangs: the rest can be looked at without."""
        finding = in_thread("discovery", lambda: discover(self._host))
        done, _ = await asyncio.wait([finding], timeout=DISCOVER_SECONDS)
        return finding.result() if done else None

    async def _said(self, logs: asyncio.Future[list[Judgement]], seconds: float) -> list[Finding]:
        """What the logs said lately; a look alone would only tell whether they can be read."""
        done, _ = await asyncio.wait([logs], timeout=max(0.1, seconds))
        now = time.time()
        said = logs.result() if done else []
        return [Finding(judgement=one, at=now - one.age, source="logs", occurrence=True) for one in said]

    async def _look(self, seconds: float) -> list[Unchecked]:
        """Everything at once; what is not through in time is told."""
        batches: dict[str, list[Look]] = {}
        for look in self.looks:
            alone = isinstance(look.unit, CollectorUnit) or look.unit.ask_all is None
            batches.setdefault(look.source if alone else look.unit.name, []).append(look)
        tasks = {asyncio.create_task(self._look_at(looks)): looks for looks in batches.values()}
        _, late = await asyncio.wait(tasks, timeout=max(0.1, seconds))
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        unseen = [task for task in tasks if task.cancelled()]
        for task in tasks:
            self.findings += [] if task in unseen else task.result()
        return [
            Unchecked(f"{look.unit.signals[0]} {describe(look.target)}", f"not through within {PATIENCE:g} s")
            for task in unseen
            for look in tasks[task]
        ]

    async def _look_at(self, looks: list[Look]) -> list[Finding]:
        """Collectors twice, so that what is counted has a rate; the first look counts where time is short."""
        first = await self._runner.run(looks)
        if not isinstance(looks[0].unit, CollectorUnit):
            return first
        try:
            await asyncio.sleep(APART)
            return await self._runner.run(looks)
        except asyncio.CancelledError:
            return first

    def _counted(self, targets: Targets) -> list[Finding]:
        """Of what nobody asked for a silence may be meant so; that of a resolver is told."""
        told: list[Finding] = []
        for look in self.looks:
            mine = [one for one in self.findings if one.source == look.source]
            if not look.trial or targets.judge_trial(look, mine) or _essential(look, mine):
                told += mine
        return told

    def _take(self, findings: list[Finding]) -> None:
        for finding in findings:
            self._state.apply(cleaned(finding))


def _essential(look: Look, findings: list[Finding]) -> bool:
    """Without an answer of its resolver no host is well."""
    unanswered = any(finding.judgement.reason in NO_ANSWER for finding in findings)
    return unanswered and isinstance(look.target, DnsTarget) and look.target.name == "."


def _unknown(observation: Observation) -> Unchecked:
    why = f"{observation.reason} {hint(observation.evidence)}".strip()
    return Unchecked(f"{observation.signal} {observation.subject}", why)
