"""The agent's end of the killable process: a read that hangs costs this process and nothing else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from agent.workers.frames import Begun, Ended, Judged, Read, Reply, Setup, Touching, frame, reply
from collectors.host import Host
from kernel.child import Child
from wire.entity import kind_of, mount, name_of
from wire.judgement import Judgement, Reason, Verdict

LEFT_ALONE = 60.0
"""Seconds before what hung is touched again."""
IDLE_SECONDS = 20.0
"""The process is ended when nothing was asked of it for so long: it holds memory."""
START_SECONDS = 120.0
"""More than a cold start takes: on an emulated processor with half a core it was 30 s. A process that is
ended too early is started again and again, and no risky source is ever read.
"""
WORTH = 4.0
"""What took long to start is kept for so many times longer without work."""


class Overrun(Exception):
    """The read hung and the process was killed."""

    def __init__(self, text: str, so_far: list[Judgement]) -> None:
        super().__init__(text)
        self.so_far = so_far


class WorkerFailed(Exception):
    """The unit raised, or the process died by itself."""


@dataclass(frozen=True)
class Hung:
    """Something is left alone for a while, and for as long as a process of ours is stuck in it."""

    until: float
    stuck: asyncio.subprocess.Process | None

    def lasts(self, now: float) -> bool:
        return now < self.until or (self.stuck is not None and self.stuck.returncode is None)


@dataclass
class Worker:
    """One process for all risky collectors, one read at a time."""

    host: Host
    ticks: Callable[[], float] = time.monotonic
    killed: int = 0
    waiting: int = 0
    """Reads under way and in the queue."""
    _child: Child = field(default_factory=lambda: Child("agent.workers.worker"))
    _ending: asyncio.TimerHandle | None = None
    _started_in: float = 0.0
    """Seconds from the start of the process to its first word."""
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _hung: dict[str, Hung] = field(default_factory=dict)
    """Subject, or unit where it touched nothing by name → what it did."""

    async def read(self, unit: str, seconds: float) -> list[Judgement]:
        """Raises Overrun, or WorkerFailed for what the unit raises."""
        if self._ending is not None:
            self._ending.cancel()
        self.waiting += 1
        try:
            async with self._turn:
                return await self._read(unit, seconds)
        finally:
            self.waiting -= 1
            if not self.waiting:
                idle = max(IDLE_SECONDS, WORTH * self._started_in)
                self._ending = asyncio.get_running_loop().call_later(idle, self._child.end)

    async def _read(self, unit: str, seconds: float) -> list[Judgement]:
        for name in [name for name, one in self._hung.items() if not one.lasts(self.ticks())]:
            self._hung.pop(name, None)
        if unit in self._hung:
            raise Overrun(f"{unit} hung before, and is left alone for now", [])
        if await self._child.start():
            self._started_in = 0.0
            setup = Setup(host=self.host.name, root=self.host.root, options=dict(self.host.options))
            await self._child.send(frame(setup))
        subjects = tuple(name for name in self._hung if ":" in name)
        found = [_hung_judgement(subject, 0.0) for subject in subjects]
        listening = _Listening(found)
        try:
            await self._ask(Read(unit, subjects, dict(self.host.remembered)), listening, seconds)
        except TimeoutError:
            self.killed += 1
            stuck = await self._child.kill()
            if listening.touching or stuck:
                self._hung[listening.touching or unit] = Hung(self.ticks() + LEFT_ALONE, stuck)
            if listening.touching:
                found.append(_hung_judgement(listening.touching, seconds))
            what = listening.touching or unit
            raise Overrun(f"{what} did not answer within {seconds:g} s", found) from None
        except (OSError, asyncio.IncompleteReadError) as error:
            await self._child.kill()
            raise WorkerFailed(f"the worker ended while it ran {unit}: {error}") from None
        self.host.remembered.update(listening.remembered)
        if listening.error:
            raise WorkerFailed(listening.error)
        return found

    async def _ask(self, read: Read, listening: _Listening, seconds: float) -> None:
        """Raises TimeoutError when it takes longer than ``seconds`` once it has begun."""
        asked = asyncio.get_running_loop().time()
        async with asyncio.timeout(START_SECONDS) as limit:
            await self._child.send(frame(read))
            while not listening.ended:
                message = reply(await self._child.receive())
                listening.hear(message)
                if isinstance(message, Begun):
                    now = asyncio.get_running_loop().time()
                    self._started_in = max(self._started_in, now - asked)
                    limit.reschedule(now + seconds)

    async def close(self) -> None:
        """End the process whether or not it answers."""
        if self._ending is not None:
            self._ending.cancel()
        await self._child.kill()

    @property
    def pid(self) -> int:
        return self._child.pid


@dataclass
class _Listening:
    found: list[Judgement]
    touching: str = ""
    ended: bool = False
    error: str = ""
    remembered: dict[str, Any] = field(default_factory=dict)

    def hear(self, message: Reply) -> None:
        match message:
            case Touching():
                self.touching = message.subject
            case Judged():
                self.found.append(message.judgement)
            case Ended():
                self.ended, self.error, self.remembered = True, message.error, message.remembered


def _hung_judgement(subject: str, waited: float) -> Judgement:
    """A disk that does not answer is slow beyond measure; of all else the mount hangs."""
    if kind_of(subject) == "disk":
        signal = "disk.latency"
    else:
        signal = "fs.mount"
        if kind_of(subject) == "fs":
            host, _, point = name_of(subject).partition(":")
            subject = mount(host, point)
    evidence = {"waited_s": waited} if waited else {"note": "hung before; left alone for a minute"}
    return Judgement(
        signal=signal, subject=subject, verdict=Verdict.FAIL, reason=Reason.HUNG, evidence=dict(evidence)
    )
