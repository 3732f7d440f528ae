"""Runs what is due, in layer order, and hands what was found to the outbox."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence

import msgspec

from agent.edge.occurrences import Occurrences
from agent.edge.state import Entry, Finding
from agent.looks.look import Look, describe
from agent.looks.run import Runner
from agent.looks.schedule import Schedule, Slot, is_risky, period, round_name, slot_of
from agent.looks.targets import Targets
from agent.sending.outbox import Outbox
from agent.units.finding import CollectorUnit
from wire.judgement import Judgement, Layer

log = logging.getLogger("rootward.rounds")
MISSED = 2.5
"""Intervals after which a subject that its collector no longer mentions is retired."""
ORDER = {layer: number for number, layer in enumerate(Layer)}


class Rounds:
    """The plan by slot, and the runs."""

    def __init__(
        self,
        runner: Runner,
        outbox: Outbox,
        targets: Targets,
        host: str,
        note: Callable[[Judgement], None],
    ) -> None:
        self._runner = runner
        self._outbox = outbox
        self._targets = targets
        self._host = host
        self._note = note
        self._interval = targets.config.interval
        self._plan: dict[Slot, list[Look]] = {}
        self._slow: asyncio.Task[None] | None = None
        self.occurrences = Occurrences()
        self.schedule = Schedule(self._run_slot, asyncio.get_running_loop())

    def stop(self) -> None:
        self.schedule.stop()
        if self._slow is not None:
            self._slow.cancel()

    @property
    def looks(self) -> list[Look]:
        return [look for looks in self._plan.values() for look in looks]

    def plan(self) -> None:
        """Take over the targets as they are now; what is no longer asked is retired.

        Not the answer to a question of the server, which belongs to no round: that grows old by itself.
        """
        plan: dict[Slot, list[Look]] = {}
        for look in self._targets.looks():
            plan.setdefault(slot_of(look, self._host, self._interval), []).append(look)
        self._plan = plan
        self.schedule.set_slots(plan)
        sources = {look.source for look in self.looks}
        self._outbox.retire(lambda one: bool(one.round) and " " in one.source and one.source not in sources)

    async def first(self) -> None:
        """One pass over everything, so that a new agent need not wait for its slots.

        What may take long is not waited for.
        """
        rounds = {look.source: self._round_of(look) for look in self.looks}
        self._slow = asyncio.create_task(self._run([one for one in self.looks if is_risky(one)], rounds))
        await self._run([one for one in self.looks if not is_risky(one)], rounds)
        for slot, looks in self._plan.items():
            if not any(map(is_risky, looks)):
                self._outbox.complete(round_name(slot), self._runner.clock())

    async def _run_slot(self, slot: Slot) -> None:
        name = round_name(slot)
        looks = self._plan.get(slot, [])
        await self._run(looks, dict.fromkeys((look.source for look in looks), name))
        self._outbox.complete(name, self._runner.clock())
        self._retire_unmentioned(looks)

    async def _run(self, looks: Sequence[Look], rounds: dict[str, str]) -> None:
        for layer in sorted({look.unit.layer for look in looks}, key=lambda one: ORDER[one]):
            due = [look for look in looks if look.unit.layer is layer]
            findings = await self._runner.run(due)
            named = [msgspec.structs.replace(one, round=rounds[one.source]) for one in findings]
            self.tell(self._tried(due, named))

    def tell(self, findings: Iterable[Finding]) -> None:
        """To the outbox, storms of log lines bounded."""
        self._outbox.submit(self._bounded(findings))

    def _bounded(self, findings: Iterable[Finding]) -> list[Finding]:
        told: list[Finding] = []
        for finding in findings:
            if not finding.occurrence:
                told.append(finding)
                continue
            self._note(finding.judgement)
            if admitted := self.occurrences.admit(finding.judgement, self._runner.host.ticks()):
                told.append(msgspec.structs.replace(finding, judgement=admitted, round=""))
        return told

    def _tried(self, looks: Sequence[Look], findings: list[Finding]) -> list[Finding]:
        """Without what is said of targets that are still on trial. One that passes is judged from now on."""
        held_back: set[str] = set()
        adopted = False
        for look in (look for look in looks if self._targets.unproven(look)):
            if self._targets.judge_trial(look, [one for one in findings if one.source == look.source]):
                log.info("from now on judged: %s by %s", describe(look.target), look.unit.name)
                adopted = adopted or look.trial
            elif look.trial:
                held_back.add(look.source)
        if adopted:
            self.plan()
        return [one for one in findings if one.source not in held_back]

    def _retire_unmentioned(self, looks: Sequence[Look]) -> None:
        """A collector that no longer mentions a subject has lost it: an unmounted file system, a gone NIC.

        One that could not be read says nothing of what is there.
        """
        now = self._runner.clock()
        oldest = {
            look.unit.name: now - MISSED * period(look, self._interval) - 1.0
            for look in looks
            if isinstance(look.unit, CollectorUnit)
            and look.unit.layer is not Layer.LOG
            and look.unit.name not in self._runner.unread
        }
        if not oldest:
            return

        def lost(entry: Entry) -> bool:
            return entry.source in oldest and entry.at < oldest[entry.source]

        self._outbox.retire(lost)

    def _round_of(self, look: Look) -> str:
        return round_name(slot_of(look, self._host, self._interval))
