"""One whole round without a server: what ``rootward diagnose`` looks at."""

from __future__ import annotations

import asyncio
import time

import msgspec

from agent.blocking import Blocking
from agent.config import Config
from agent.discovered import complete
from agent.evidence import clean_evidence, number
from agent.killable import Worker
from agent.look import Look
from agent.options import host_options
from agent.run import Runner
from agent.state import EdgeState, Finding
from agent.targets import Targets, names_to_ask
from agent.units import CollectorUnit, load_units
from collectors.discovery import discover
from collectors.host import Host
from wire.codec import Malformed
from wire.inventory import Inventory
from wire.judgement import Reason, Verdict
from wire.observation import Observation
from wire.target import DnsTarget

NO_ANSWER = frozenset(
    [Reason.CARRIER, Reason.NO_ROUTE, Reason.UNREACHABLE, Reason.PROHIBITED, Reason.TIMEOUT, Reason.REFUSED]
)
APART = 1.0
"""Seconds between the two samples of what is counted."""
PATIENCE = 7.0
"""Seconds for the whole look; what is not through by then is listed as unchecked."""


class Unchecked(msgspec.Struct, frozen=True):
    """Something that could not be looked at, and why."""

    what: str
    why: str


class OneRound(msgspec.Struct, frozen=True):
    inventory: Inventory
    observations: list[Observation]
    unchecked: list[Unchecked]


def one_round(config: Config) -> OneRound:
    """Blocks for a few seconds, at most about eight. Raises BadUnit."""
    return asyncio.run(Once(config).run())


class Once:
    """The parts of an agent that look, without those that keep and send."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self.units = load_units()
        self._host = Host(config.host, config.root, options=host_options(config))
        self._worker = Worker(self._host)
        self._state = EdgeState()
        self.looks: list[Look] = []
        self.findings: list[Finding] = []
        """All results of the last pass, also those of targets on trial."""
        blocking = Blocking(self._host, self._worker)
        self._runner = Runner(self._host, time.time, lambda s, o: self._state.get((s, o)), blocking)

    async def run(self) -> OneRound:
        inventory = await asyncio.to_thread(discover, self._host)
        targets = Targets(self._config, self._config.server, self.units, {})
        targets.update(inventory, names_to_ask(self._host), time.time())
        self.looks = targets.looks()
        unchecked: list[Unchecked] = []
        try:
            async with asyncio.timeout(PATIENCE):
                await self._look(targets)
        except TimeoutError:
            unchecked.append(Unchecked("the rest of the round", f"not through within {PATIENCE:g} s"))
        finally:
            await self._worker.close()
        observations = self._numbered()
        unchecked += [_unknown(one) for one in observations if one.verdict is Verdict.UNKNOWN]
        return OneRound(complete(inventory, self._config), observations, unchecked)

    async def _look(self, targets: Targets) -> None:
        """Collectors twice, so that what is counted has a rate; probes meanwhile."""
        reading = [look for look in self.looks if isinstance(look.unit, CollectorUnit)]
        probing = asyncio.create_task(
            self._runner.run([look for look in self.looks if look.target is not None])
        )
        await self._runner.run(reading)
        await asyncio.sleep(APART)
        self.findings += await self._runner.run(reading)
        self.findings += await probing
        self._take(self._counted(targets))

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
            clean = clean_evidence(finding.judgement.evidence)
            judgement = msgspec.structs.replace(finding.judgement, evidence=clean)
            for _ in self._state.apply(msgspec.structs.replace(finding, judgement=judgement)):
                pass

    def _numbered(self) -> list[Observation]:
        found: list[Observation] = []
        for told in self._state.all():
            try:
                found.append(number(told, len(found) + 1))
            except Malformed:
                continue
        return found


def _essential(look: Look, findings: list[Finding]) -> bool:
    """Without an answer of its resolver no host is well."""
    unanswered = any(finding.judgement.reason in NO_ANSWER for finding in findings)
    return unanswered and isinstance(look.target, DnsTarget) and look.target.name == "."


def _unknown(observation: Observation) -> Unchecked:
    why = observation.evidence.get("error") or observation.evidence.get("hint") or ""
    return Unchecked(f"{observation.signal} {observation.subject}", f"{observation.reason} {why}".strip())
