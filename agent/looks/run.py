"""Runs looks: deadlines, the confirming second try, and exceptions turned into unknown."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import cast

import msgspec

from agent.edge.state import Entry, Finding
from agent.looks.look import Look, subject_of
from agent.units.finding import Ask, CollectorUnit, ProbeUnit
from agent.workers.blocking import Blocking, HungRead
from collectors.host import Host
from probes.unit import Net
from wire import entity
from wire.judgement import Judgement, Layer, Reason, Verdict, unknown
from wire.target import Target

log = logging.getLogger("rootward.run")
GRACE = 1.0
"""Seconds beyond its own deadline that a probe gets to say itself what was late."""
CONFIRM_AFTER = 1.0
"""Seconds before a collector's new failure is read again: rates need some time between two samples."""
AT_ONCE = 16
"""Single-target probes under way at the same time."""


@dataclass
class Runner:
    """``standing`` tells the last result of a key, so that only new failures are tried twice."""

    host: Host
    clock: Callable[[], float]
    standing: Callable[[str, str], Entry | None]
    blocking: Blocking
    _nets: dict[str, Net] = field(default_factory=dict)
    _subjects: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    """Source → the keys it judged last: what is unknown when it comes to no judgement."""
    unread: set[str] = field(default_factory=set)
    """Names of the collectors whose last read failed: that they were silent means nothing."""
    _gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def run(self, looks: Sequence[Look], *, round_name: str = "", task: str = "") -> list[Finding]:
        """All looks of one layer together; never raises for what a unit does."""
        groups: list[asyncio.Task[list[Finding]]] = []
        batched: dict[str, list[Look]] = {}
        async with asyncio.TaskGroup() as group:
            for look in looks:
                if isinstance(look.unit, CollectorUnit):
                    groups.append(group.create_task(self._collect(look, round_name, task)))
                elif look.unit.ask_all is not None:
                    batched.setdefault(look.unit.name, []).append(look)
                else:
                    groups.append(group.create_task(self._probe([look], round_name, task)))
            groups += [
                group.create_task(self._probe(together, round_name, task)) for together in batched.values()
            ]
        return [finding for one in groups for finding in one.result()]

    def net(self, unit: ProbeUnit) -> Net:
        """Each unit has its own memory, kept between rounds."""
        if unit.name not in self._nets:
            self._nets[unit.name] = Net(
                host=self.host.name, clock=self.clock, root=self.host.root, options=self.host.options
            )
        return self._nets[unit.name]

    def judged(self, source: str) -> tuple[tuple[str, str], ...]:
        """Signal and subject of what this source judged last."""
        return self._subjects.get(source, ())

    # --- probes

    async def _probe(self, looks: list[Look], round_name: str, task: str) -> list[Finding]:
        first = await self._ask(looks, round_name, task)
        trials = {look.source for look in looks if look.trial}
        doubtful = {one.source for one in first if one.source not in trials and self._new_failure(one)}
        if not doubtful:
            return first
        second = await self._ask([look for look in looks if look.source in doubtful], round_name, task)
        return first + _confirmed(first, second)

    async def _ask(self, looks: list[Look], round_name: str, task: str) -> list[Finding]:
        unit = looks[0].unit
        if not isinstance(unit, ProbeUnit):
            raise TypeError(f"{unit.name} is no probe")
        judged = await self._answers(unit, [look.target for look in looks if look.target is not None])
        at = self.clock()
        findings: list[Finding] = []
        for look, judgements in zip(looks, judged, strict=True):
            self._subjects[look.source] = tuple((one.signal, one.subject) for one in judgements)
            findings.extend(
                Finding(judgement=one, at=at, source=look.source, round=round_name, task=task)
                for one in judgements
            )
        return findings

    async def _answers(self, unit: ProbeUnit, targets: list[Target]) -> list[list[Judgement]]:
        """What was judged of each target, in their order."""
        net = self.net(unit)
        try:
            async with self._gate, asyncio.timeout(unit.probe.timeout + GRACE):
                if unit.ask_all is not None:
                    return _by_target(await unit.ask_all(targets, net), targets)
                ask = cast("Ask", unit.ask)  # one of the two is there: units.py checked it
                answer = await ask(targets[0], net)
                return [[answer] if isinstance(answer, Judgement) else list(answer)]
        except TimeoutError:
            return [self._unknown(unit, target, Reason.DEADLINE, "") for target in targets]
        except Exception as error:  # a unit's own fault must not end the round; it is told as unknown
            log.exception("%s failed on %d targets", unit.name, len(targets))
            return [self._unknown(unit, target, Reason.INTERNAL, _text(error)) for target in targets]

    def _unknown(self, unit: ProbeUnit, target: Target, reason: Reason, why: str) -> list[Judgement]:
        keys = self._subjects.get(Look(unit, target).source) or ((unit.signals[0], subject_of(target)),)
        return [unknown(signal, subject, reason, error=why) for signal, subject in keys]

    # --- collectors

    async def _collect(self, look: Look, round_name: str, task: str) -> list[Finding]:
        first = await self._read(look, round_name, task)
        unit = look.unit
        if unit.layer is Layer.LOG or not any(self._new_failure(finding) for finding in first):
            return first
        await asyncio.sleep(CONFIRM_AFTER)
        second = await self._read(look, round_name, task)
        return first + _confirmed(first, second)

    async def _read(self, look: Look, round_name: str, task: str) -> list[Finding]:
        unit = look.unit
        if not isinstance(unit, CollectorUnit):
            raise TypeError(f"{unit.name} is no collector")
        judgements = await self._judgements(unit)
        at = self.clock()
        if all(one.reason not in {Reason.DEADLINE, Reason.INTERNAL} for one in judgements):
            self._subjects[unit.name] = tuple((one.signal, one.subject) for one in judgements)
        return [
            Finding(
                judgement=one,
                at=at,
                source=unit.name,
                round="" if unit.layer is Layer.LOG else round_name,
                task=task,
                occurrence=unit.layer is Layer.LOG and one.verdict in {Verdict.FAIL, Verdict.WARN},
            )
            for one in judgements
        ]

    async def _judgements(self, unit: CollectorUnit) -> list[Judgement]:
        self.unread.add(unit.name)
        try:
            judgements = await self.blocking.read(unit)
        except HungRead as hung:
            said = {(one.signal, one.subject) for one in hung.so_far}
            rest = self._unread(unit, Reason.DEADLINE, str(hung))
            return hung.so_far + [one for one in rest if (one.signal, one.subject) not in said]
        except Exception as error:  # a unit's own fault must not end the round; it is told as unknown
            log.exception("%s failed", unit.name)
            return self._unread(unit, Reason.INTERNAL, _text(error))
        self.unread.discard(unit.name)
        return judgements

    def _unread(self, unit: CollectorUnit, reason: Reason, why: str) -> list[Judgement]:
        host = entity.host(self.host.name)
        keys = self._subjects.get(unit.name) or tuple((signal, host) for signal in unit.signals[:1])
        return [unknown(signal, subject, reason, error=why) for signal, subject in keys]

    # --- both

    def _new_failure(self, finding: Finding) -> bool:
        """It fails, and did not fail like this before."""
        if not _failing(finding):
            return False
        before = self.standing(finding.judgement.signal, finding.judgement.subject)
        return before is None or (before.judgement.verdict, before.judgement.reason) != (
            finding.judgement.verdict,
            finding.judgement.reason,
        )


def _failing(finding: Finding) -> bool:
    return finding.judgement.verdict in {Verdict.WARN, Verdict.FAIL}


def _confirmed(first: Sequence[Finding], second: Sequence[Finding]) -> list[Finding]:
    """The second try; what failed at the first in the same way is confirmed by it."""
    failed = {_outcome(finding) for finding in first if _failing(finding)}
    return [msgspec.structs.replace(finding, confirmed=_outcome(finding) in failed) for finding in second]


def _outcome(finding: Finding) -> tuple[str, str, Reason]:
    judgement = finding.judgement
    return (judgement.signal, judgement.subject, judgement.reason)


def _by_target(judgements: Sequence[Judgement], targets: list[Target]) -> list[list[Judgement]]:
    """Give each judgement of a whole batch back to its target, by its subject and else by its address."""
    subjects: dict[str, int] = {}
    for index, target in enumerate(targets):
        subjects.setdefault(subject_of(target), index)
        subjects.setdefault(getattr(target, "address", ""), index)
    shares: list[list[Judgement]] = [[] for _ in targets]
    for position, judgement in enumerate(judgements):
        owner = subjects.get(judgement.subject)
        if owner is None and judgement.path is not None:
            owner = subjects.get(judgement.path.address)
        shares[min(position, len(targets) - 1) if owner is None else owner].append(judgement)
    return shares


def _text(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
