"""The agent's end of the killable process: a read that hangs costs this process and nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from agent.frames import LENGTH, MAX_FRAME, Ended, Judged, Read, Reply, Setup, Touching, frame, reply
from collectors.host import Host
from wire.entity import kind_of, mount, name_of
from wire.judgement import Judgement, Reason, Verdict

log = logging.getLogger("rootward.worker")
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
    """Starts at first use, as a program of its own: a fork of a process with threads is unsafe."""

    host: Host
    ticks: Callable[[], float] = time.monotonic
    killed: int = 0
    _process: asyncio.subprocess.Process | None = None
    _ending: asyncio.TimerHandle | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _hung: dict[str, float] = field(default_factory=dict)
    """Subject → when it may be touched again."""

    async def read(self, unit: str, seconds: float) -> list[Judgement]:
        """Raises Overrun, or WorkerFailed for what the unit raises."""
        if self._ending is not None:
            self._ending.cancel()
        async with self._turn:
            process, started = await self._running()
            self._hung = {subject: until for subject, until in self._hung.items() if until > self.ticks()}
            found = [_hung_judgement(subject, 0.0) for subject in self._hung]
            listening = _Listening(found)
            try:
                async with asyncio.timeout(seconds + (START_SECONDS if started else 0.0)):
                    await self._ask(process, Read(unit, tuple(self._hung)), listening)
            except TimeoutError:
                self.killed += 1
                await self._kill()
                if listening.touching:
                    self._hung[listening.touching] = self.ticks() + LEFT_ALONE
                    found.append(_hung_judgement(listening.touching, seconds))
                what = listening.touching or unit
                raise Overrun(f"{what} did not answer within {seconds:g} s", found) from None
            except (OSError, asyncio.IncompleteReadError) as error:
                await self._kill()
                raise WorkerFailed(f"the worker ended while it ran {unit}: {error}") from None
            self._ending = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._end)
            if listening.error:
                raise WorkerFailed(listening.error)
            return found

    async def close(self) -> None:
        """End the process whether or not it answers."""
        if self._ending is not None:
            self._ending.cancel()
        await self._kill()

    def _end(self) -> None:
        """It ends by itself when its pipe is closed; the loop reaps it."""
        process, self._process = self._process, None
        if process is not None and process.stdin is not None:
            process.stdin.close()

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    async def _running(self) -> tuple[asyncio.subprocess.Process, bool]:
        if self._process is not None and self._process.returncode is None:
            return self._process, False
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            "agent.worker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        setup = Setup(host=self.host.name, root=self.host.root, options=dict(self.host.options))
        if self._process.stdin is not None:
            self._process.stdin.write(frame(setup))
        return self._process, True

    @staticmethod
    async def _ask(process: asyncio.subprocess.Process, read: Read, listening: _Listening) -> None:
        if process.stdin is None or process.stdout is None:
            raise OSError("the worker has no pipes")
        process.stdin.write(frame(read))
        await process.stdin.drain()
        while not listening.ended:
            length = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))[0]
            if length > MAX_FRAME:
                raise OSError(f"the worker sent a frame of {length} bytes")
            listening.hear(reply(await process.stdout.readexactly(length)))

    async def _kill(self) -> None:
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        try:
            await asyncio.wait_for(process.wait(), 0.5)
        except TimeoutError:  # in uninterruptible sleep: the kernel ends it when the device answers
            log.warning("worker %d cannot be killed yet", process.pid)


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
