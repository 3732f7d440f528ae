"""When each look is due: one job per interval and slot second, so that a thousand looks cost few timers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED, JobEvent
from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from agent.looks.look import Look
from agent.units.finding import CollectorUnit
from wire.judgement import Layer

log = logging.getLogger("rootward.schedule")
STANDARD = 15.0
"""Units with this interval follow the configured one."""
SLOTS = 15
TOLD_AGAIN = 600.0
"""Seconds after which a round that is skipped is told again; a machine without time skips one in two."""
APART = (Layer.APPLICATION, Layer.LOG)
"""Layers whose collectors ask others, and may have to wait for one: each has a slot of its own."""

Slot = tuple[float, int]
"""(interval in seconds, slot)"""


def period(look: Look, configured: float) -> float:
    unit = look.unit
    own = unit.collector.interval if isinstance(unit, CollectorUnit) else unit.probe.interval
    return configured if own == STANDARD else own


def is_risky(look: Look) -> bool:
    return isinstance(look.unit, CollectorUnit) and look.unit.collector.risky


def slot_of(look: Look, host: str, configured: float) -> Slot:
    """The same look of the same host always has the same slot; looks of a batched probe share one.

    So do collectors of one layer, which then read what several of them need once. Risky ones have a slot
    behind all others: they may take long, and for all of them one process is started and ended.
    """
    interval = period(look, configured)
    if is_risky(look):
        return interval, SLOTS
    number = int.from_bytes(blake2b(f"{host}\x1f{_together(look)}".encode(), digest_size=4).digest(), "big")
    return interval, number % max(1, min(SLOTS, int(interval)))


def _together(look: Look) -> str:
    """What looks that share a slot have in common."""
    if not isinstance(look.unit, CollectorUnit):
        return look.source if look.unit.ask_all is None else look.unit.name
    if look.unit.layer in APART:
        return look.unit.name
    return "hardware" if look.unit.layer is Layer.HARDWARE else "host"


def round_name(slot: Slot) -> str:
    return f"{slot[0]:g}s/{slot[1]}"


class Schedule:
    """Calls ``run(slot)`` in time. A run that is still going when the next is due skips that one, counted."""

    def __init__(self, run: Callable[[Slot], Awaitable[None]], loop: asyncio.AbstractEventLoop) -> None:
        self._run = run
        self._slots: set[Slot] = set()
        self.skipped = 0
        self._loop, self._told = loop, dict[str, float]()
        self._begun = _soon()
        self._scheduler = AsyncIOScheduler(
            event_loop=loop,
            timezone=UTC,
            executors={"default": AsyncIOExecutor()},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 5},
        )
        self._scheduler.add_listener(self._skip, EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES)
        self._scheduler.add_listener(self._fail, EVENT_JOB_ERROR)

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def set_slots(self, slots: Iterable[Slot]) -> None:
        """Add jobs for new slots, drop those that nothing uses any more; the others keep their time."""
        wanted = set(slots)
        for slot in self._slots - wanted:
            self._scheduler.remove_job(round_name(slot))
        for slot in wanted - self._slots:
            self._scheduler.add_job(
                self._run, self._trigger(slot), args=[slot], id=round_name(slot), name=round_name(slot)
            )
        self._slots = wanted

    def realign(self) -> None:
        """The clock was set: what was due by the old one is due by the new one, and not an hour later."""
        self._begun = _soon()
        for slot in self._slots:
            self._scheduler.reschedule_job(round_name(slot), trigger=self._trigger(slot))

    def _trigger(self, slot: Slot) -> IntervalTrigger:
        """All count from one moment, so that what is due together wakes the agent once."""
        interval, number = slot
        start = self._begun + timedelta(seconds=interval * number / max(1, min(SLOTS, int(interval))))
        return IntervalTrigger(seconds=interval, start_date=start, timezone=UTC)

    def _skip(self, event: JobEvent) -> None:
        self.skipped += 1
        now = self._loop.time()
        if now - self._told.get(event.job_id, -TOLD_AGAIN) >= TOLD_AGAIN:
            self._told[event.job_id] = now
            log.warning("round %s was skipped: the run before it was not through", event.job_id)

    def _fail(self, event: JobEvent) -> None:
        error = getattr(event, "exception", None)
        if not isinstance(error, asyncio.CancelledError):  # which is how a stop ends what is under way
            log.error("round %s failed", event.job_id, exc_info=error)


def _soon() -> datetime:
    """Agents that were started together still do not fall into step: none began in just this moment."""
    return datetime.now(UTC) + timedelta(seconds=0.2)
