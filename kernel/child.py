"""A module of ours in a process of its own: spoken to by frames, and killed whole when it is late."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import struct
import sys
from typing import BinaryIO

log = logging.getLogger("rootward.child")
LENGTH = struct.Struct(">I")
MAX_FRAME = 4 * 1024 * 1024


def framed(body: bytes) -> bytes:
    return LENGTH.pack(len(body)) + body


def read_frame(stream: BinaryIO) -> bytes | None:
    """In the child: the next frame; None at the end."""
    head = stream.read(LENGTH.size)
    return stream.read(LENGTH.unpack(head)[0]) if len(head) == LENGTH.size else None


class Child:
    """Starts at first use, as a program of its own: a fork of a process with threads is unsafe."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    async def start(self) -> bool:
        """Whether it had to be started."""
        if self._process is not None and self._process.returncode is None:
            return False
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            self._module,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        return True

    async def send(self, frame: bytes) -> None:
        """Raises OSError when it has ended."""
        if self._process is None or self._process.stdin is None:
            raise OSError(f"{self._module} does not run")
        self._process.stdin.write(frame)
        await self._process.stdin.drain()

    async def receive(self) -> bytes:
        """One frame. Raises OSError, or IncompleteReadError when the process ended."""
        if self._process is None or self._process.stdout is None:
            raise OSError(f"{self._module} does not run")
        length = LENGTH.unpack(await self._process.stdout.readexactly(LENGTH.size))[0]
        if length > MAX_FRAME:
            raise OSError(f"{self._module} sent a frame of {length} bytes")
        return await self._process.stdout.readexactly(length)

    def end(self) -> None:
        """It ends by itself when its pipe is closed; the loop reaps it."""
        process, self._process = self._process, None
        if process is not None and process.stdin is not None:
            process.stdin.close()

    async def kill(self) -> asyncio.subprocess.Process | None:
        """With all that it started, whether or not it answers. Returned is one that cannot be killed yet."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # it leads a session of its own
        try:
            await asyncio.wait_for(process.wait(), 0.5)
        except TimeoutError:  # in uninterruptible sleep: the kernel ends it when the device answers
            log.warning("%s (%d) cannot be killed yet", self._module, process.pid)
            if process.stdin is not None:
                process.stdin.close()
            return process
        return None
