"""A few killable workers, so that a source that takes its time does not delay those that answer at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from agent.killable import Hung, Worker
from collectors.host import Host
from wire.judgement import Judgement

MOST = 3


@dataclass
class Workers:
    """The second is started only while the first is busy; each ends when nothing is asked of it."""

    host: Host
    ticks: Callable[[], float] = time.monotonic
    _all: list[Worker] = field(default_factory=list)
    _hung: dict[str, Hung] = field(default_factory=dict)
    """Known to all: what hung for one is left alone by the others."""

    async def read(self, unit: str, seconds: float) -> list[Judgement]:
        """Raises Overrun, or WorkerFailed for what the unit raises."""
        return await self._free().read(unit, seconds)

    def _free(self) -> Worker:
        idle = [worker for worker in self._all if not worker.waiting]
        if not idle and len(self._all) < MOST:
            self._all.append(Worker(self.host, self.ticks, _hung=self._hung))
            return self._all[-1]
        return min(self._all, key=lambda worker: worker.waiting)

    async def close(self) -> None:
        await asyncio.gather(*(worker.close() for worker in self._all))

    @property
    def killed(self) -> int:
        return sum(worker.killed for worker in self._all)
