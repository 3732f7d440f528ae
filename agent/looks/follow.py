"""Listens to what the kernel and the logs announce, one task per unit that can."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field

from agent.edge.state import Finding
from agent.looks.look import Look
from agent.looks.rounds import Rounds
from agent.looks.run import Runner
from agent.units.finding import CollectorUnit
from wire.judgement import Judgement, Layer, Verdict

log = logging.getLogger("rootward.follow")
CONFIRM_AFTER = 0.3
RETRY_FIRST, RETRY_MOST = 5.0, 300.0


@dataclass
class Followers:
    """``host_for`` gives each unit the same memory as its reads have."""

    runner: Runner
    rounds: Rounds
    ticks: Callable[[], float]
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def start(self, units: tuple[CollectorUnit, ...]) -> None:
        for unit in units:
            if unit.follow is not None:
                self._spawn(self._follow(unit))

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _follow(self, unit: CollectorUnit) -> None:
        wait = RETRY_FIRST
        while unit.follow is not None:
            began = self.ticks()
            try:
                async for judgement in unit.follow(self.runner.blocking.host_for(unit)):
                    self._hear(unit, judgement)
            except Exception:  # one broken source must not end the others; it is tried again
                log.exception("%s stopped following; trying again in %g s", unit.name, wait)
            else:
                log.info("%s has nothing to follow here", unit.name)
                return
            wait = RETRY_FIRST if self.ticks() - began > RETRY_MOST else min(RETRY_MOST, 2 * wait)
            await asyncio.sleep(wait)

    def _hear(self, unit: CollectorUnit, judgement: Judgement) -> None:
        failing = judgement.verdict in {Verdict.WARN, Verdict.FAIL}
        born_of_log = unit.layer is Layer.LOG
        finding = Finding(
            judgement=judgement,
            at=self.runner.clock() - judgement.age,
            source=unit.name,
            occurrence=born_of_log and failing,
        )
        before = self.runner.standing(judgement.signal, judgement.subject)
        new = before is None or before.judgement.reason is not judgement.reason
        self.rounds.tell([finding])
        if failing and new and not born_of_log:
            self._spawn(self._confirm(unit))

    async def _confirm(self, unit: CollectorUnit) -> None:
        """Read what was announced: the second look at the same thing."""
        await asyncio.sleep(CONFIRM_AFTER)
        self.rounds.tell(await self.runner.run([Look(unit)]))
