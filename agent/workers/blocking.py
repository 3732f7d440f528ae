"""Runs collectors' blocking reads where they can stall nothing else."""

from __future__ import annotations

import asyncio
import importlib
import logging
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import TypeVar

from agent.units.finding import CollectorUnit
from agent.workers.killable import Overrun, Worker
from agent.workers.several import Workers
from collectors.host import Host
from wire.judgement import Judgement, Layer

log = logging.getLogger("rootward.run")
T = TypeVar("T")
THREADS = 2
"""Reads under way at the same time: of what the host itself knows, and as many again of applications, which
may let us wait.
"""
LOAD_SECONDS = 60.0
"""More than it takes to load a module on a slow machine."""
IDLE = 4
"""Threads kept for the next read: to start one costs more than most reads."""
_Queue = SimpleQueue[tuple[str, Callable[[], None]]]
_idle: list[_Queue] = []


class HungRead(Exception):
    """A read did not come back in time. ``judgement`` says what it hung on, where that is known."""

    def __init__(self, text: str, so_far: list[Judgement]) -> None:
        super().__init__(text)
        self.so_far = so_far
        """What was judged before, and that of the thing it hung on."""


@dataclass
class Blocking:
    """Threads for what only reads /proc and /sys; a process of its own for what may hang for ever.

    A unit that overran in a thread is sent to the process from then on: at most one thread is lost per unit,
    none that another unit waits for, and none that keeps the agent from ending.
    """

    host: Host
    worker: Worker | Workers
    _hosts: dict[str, Host] = field(default_factory=dict)
    _distrusted: set[str] = field(default_factory=set)
    _seen: set[str] = field(default_factory=set)
    """Units of which the host showed something."""
    _gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(THREADS))
    _asking: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(THREADS))

    def host_for(self, unit: CollectorUnit) -> Host:
        if unit.name not in self._hosts:
            self._hosts[unit.name] = self.host.for_unit()
        return self._hosts[unit.name]

    async def read(self, unit: CollectorUnit) -> list[Judgement]:
        """Raises HungRead, or what the unit raises. Nothing where the host shows no sign of the unit."""
        if not self._present(unit):
            return []
        if unit.collector.risky or unit.name in self._distrusted:
            try:
                return await self.worker.read(unit.name, unit.collector.timeout)
            except Overrun as overrun:
                raise HungRead(str(overrun), overrun.so_far) from None
        async with self._asking if unit.layer is Layer.APPLICATION else self._gate:
            await self._load(unit)
            host = self.host_for(unit)
            reading = in_thread(f"read {unit.name}", lambda: list(unit.read(host)))
            done, _ = await asyncio.wait([reading], timeout=unit.collector.timeout)
        if not done:
            self._distrusted.add(unit.name)
            log.error("%s hung in a thread; from now on it runs in the killable process", unit.name)
            raise HungRead(f"no answer within {unit.collector.timeout:g} s", [])
        return reading.result()

    async def _load(self, unit: CollectorUnit) -> None:
        """Its module, before its time is counted: on a slow machine that alone takes longer than the read.

        What cannot be loaded is for the read to tell.
        """
        if unit.name not in sys.modules:
            loading = in_thread(f"load {unit.name}", lambda: _imported(unit.name))
            await asyncio.wait([loading], timeout=LOAD_SECONDS)

    def _present(self, unit: CollectorUnit) -> bool:
        """Once it was seen it is read for ever: that it vanished is for the unit to say."""
        where = unit.collector.where
        if not where or unit.name in self._seen:
            return True
        if self.host.shows(where):
            self._seen.add(unit.name)
        return unit.name in self._seen


def _imported(name: str) -> None:
    with suppress(ImportError):
        importlib.import_module(name)


def in_thread(name: str, read: Callable[[], T]) -> asyncio.Future[T]:
    """In a thread that keeps nothing from ending, even if it never comes back."""
    loop = asyncio.get_running_loop()
    reading: asyncio.Future[T] = loop.create_future()

    def settle(result: list[T], error: BaseException | None) -> None:
        if reading.done():
            return
        if error is not None:
            reading.set_exception(error)
        else:
            reading.set_result(result[0])

    def work() -> None:
        result: list[T] = []
        error: BaseException | None = None
        try:
            result.append(read())
        except Exception as failure:  # noqa: BLE001 - handed to whoever waits for the result
            error = failure
        with suppress(RuntimeError):  # the loop is closed, nobody waits any more
            loop.call_soon_threadsafe(settle, result, error)

    try:
        queue = _idle.pop()
    except IndexError:
        queue = SimpleQueue()
        threading.Thread(target=_serve, args=(queue,), daemon=True).start()
    queue.put((name, work))
    return reading


def _serve(queue: _Queue) -> None:
    """One thread: it ends where enough others have nothing to do, and one that hangs is out of reach."""
    while True:
        threading.current_thread().name, work = queue.get()
        work()
        if len(_idle) >= IDLE:
            return
        _idle.append(queue)
