"""The agent's end of the killable process: a read that hangs costs this process and nothing else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from agent.frames import Ended, Judged, Read, Reply, Setup, Touching, frame, reply
from collectors.host import Host
from kernel.child import Child
from wire.entity import kind_of, mount, name_of
from wire.judgement import Judgement, Reason, Verdict

LEFT_ALONE = 60.0
"""Seconds before what hung is touched again."""
IDLE_SECONDS = 20.0
"""The process is ended when nothing was asked of it for so long: it holds memory."""
START_SECONDS = 5.0
"""More than a cold start of the process takes on a busy machine."""


class Overrun(Exception):
    """The read hung and the process was killed."""

    def __init__(self, text: str, so_far: list[Judgement]) -> None:
        super().__init__(text)
        self.so_far = so_far


class WorkerFailed(Exception):
    """The unit raised, or the process died by itself."""


@dataclass
class Worker:
    """One process for all risky collectors, one read at a time."""

    host: Host
    ticks: Callable[[], float] = time.monotonic
    killed: int = 0
    _child: Child = field(default_factory=lambda: Child("agent.worker"))
    _ending: asyncio.TimerHandle | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _hung: dict[str, float] = field(default_factory=dict)
    """Subject → when it may be touched again."""

    async def read(self, unit: str, seconds: float) -> list[Judgement]:
        """Raises Overrun, or WorkerFailed for what the unit raises."""
        if self._ending is not None:
            self._ending.cancel()
        async with self._turn:
            started = await self._child.start()
            if started:
                setup = Setup(host=self.host.name, root=self.host.root, options=dict(self.host.options))
                await self._child.send(frame(setup))
            self._hung = {subject: until for subject, until in self._hung.items() if until > self.ticks()}
            found = [_hung_judgement(subject, 0.0) for subject in self._hung]
            listening = _Listening(found)
            try:
                async with asyncio.timeout(seconds + (START_SECONDS if started else 0.0)):
                    await self._ask(Read(unit, tuple(self._hung)), listening)
            except TimeoutError:
                self.killed += 1
                await self._child.kill()
                if listening.touching:
                    self._hung[listening.touching] = self.ticks() + LEFT_ALONE
                    found.append(_hung_judgement(listening.touching, seconds))
                what = listening.touching or unit
                raise Overrun(f"{what} did not answer within {seconds:g} s", found) from None
            except (OSError, asyncio.IncompleteReadError) as error:
                await self._child.kill()
                raise WorkerFailed(f"the worker ended while it ran {unit}: {error}") from None
            self._ending = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._child.end)
            if listening.error:
                raise WorkerFailed(listening.error)
            return found

    async def close(self) -> None:
        """End the process whether or not it answers."""
        if self._ending is not None:
            self._ending.cancel()
        await self._child.kill()

    @property
    def pid(self) -> int:
        return self._child.pid

    async def _ask(self, read: Read, listening: _Listening) -> None:
        await self._child.send(frame(read))
        while not listening.ended:
            listening.hear(reply(await self._child.receive()))


@dataclass
class _Listening:
    found: list[Judgement]
    touching: str = ""
    ended: bool = False
    error: str = ""

    def hear(self, message: Reply) -> None:
        match message:
            case Touching():
                self.touching = message.subject
            case Judged():
                self.found.append(message.judgement)
            case Ended():
                self.ended, self.error = True, message.error


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
