"""A few killable workers, so that a source that takes its time does not delay those that answer at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from agent.workers.killable import Hung, Worker
from collectors.host import Host
from wire.judgement import Judgement

MOST = 3
PATIENCE = 1.0
"""Seconds that a read waits for a worker that is there before another is started."""


@dataclass
class Workers:
    """The second is started only while the first takes its time; each ends when nothing is asked of it."""

    host: Host
    ticks: Callable[[], float] = time.monotonic
    _all: list[Worker] = field(default_factory=list)
    _hung: dict[str, Hung] = field(default_factory=dict)
    """Known to all: what hung for one is left alone by the others."""
    _through: asyncio.Condition = field(default_factory=asyncio.Condition)
    """Told when one of them is through."""

    async def read(self, unit: str, seconds: float) -> list[Judgement]:
        """Raises Overrun, or WorkerFailed for what the unit raises."""
        worker = await self._free()
        try:
            return await worker.read(unit, seconds)
        finally:
            async with self._through:
                self._through.notify_all()

    async def _free(self) -> Worker:
        if self._all and self._idle() is None:
            with suppress(TimeoutError):
                async with self._through, asyncio.timeout(PATIENCE):
                    await self._through.wait_for(self._idle)
        worker = self._idle()
        if worker is None and len(self._all) < MOST:
            worker = Worker(self.host, self.ticks, _hung=self._hung)
            self._all.append(worker)
        return worker or min(self._all, key=lambda one: one.waiting)

    def _idle(self) -> Worker | None:
        return next((worker for worker in self._all if not worker.waiting), None)

    async def close(self) -> None:
        await asyncio.gather(*(worker.close() for worker in self._all))

    @property
    def killed(self) -> int:
        return sum(worker.killed for worker in self._all)
