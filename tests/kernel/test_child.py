"""A process of ours that is late is killed with all that it started."""

from __future__ import annotations

import asyncio
import os
import struct
import time
from pathlib import Path

import pytest

from kernel.child import Child, framed

MODULE = """
import subprocess, sys
from kernel.child import framed, read_frame
while (body := read_frame(sys.stdin.buffer)) is not None:
    if body == b"sleep":
        grandchild = subprocess.Popen(["sleep", "300"])
        body = str(grandchild.pid).encode()
    sys.stdout.buffer.write(framed(body))
    sys.stdout.buffer.flush()
    if body == b"die":
        sys.exit(1)
"""


@pytest.fixture
def module(tmp_path, monkeypatch) -> str:
    """A program that says what it hears, and may start another one."""
    name = f"echoing_{os.getpid()}"
    (tmp_path / f"{name}.py").write_text(MODULE)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(Path.cwd())]))
    return name


def gone(pid: int) -> bool:
    """Dead, if perhaps not yet reaped by whoever adopted it."""
    for _ in range(2000):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def test_what_is_sent_is_heard_and_answered(module):
    async def talk() -> bytes:
        child = Child(module)
        assert await child.start()
        assert not await child.start()
        await child.send(framed(b"hello"))
        heard = await child.receive()
        await child.kill()
        return heard

    assert asyncio.run(talk()) == b"hello"


def test_it_is_killed_with_what_it_started(module):
    async def talk() -> tuple[int, int]:
        child = Child(module)
        await child.start()
        pid = child.pid
        await child.send(framed(b"sleep"))
        grandchild = int(await child.receive())
        await child.kill()
        return pid, grandchild

    assert all(gone(pid) for pid in asyncio.run(talk()))


def test_one_that_died_by_itself_is_told_and_starts_anew(module):
    async def talk() -> bool:
        child = Child(module)
        await child.start()
        await child.send(framed(b"die"))
        await child.receive()
        with pytest.raises((asyncio.IncompleteReadError, OSError)):
            await child.receive()
        await child.kill()
        anew = await child.start()
        await child.kill()
        return anew

    assert asyncio.run(talk())


def test_a_frame_without_end_is_refused(tmp_path, monkeypatch):
    name = f"babbling_{os.getpid()}"
    head = struct.pack(">I", 2**31)
    (tmp_path / f"{name}.py").write_text(f"import sys; sys.stdout.buffer.write({head!r}); sys.stdout.flush()")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    async def talk() -> None:
        child = Child(name)
        await child.start()
        try:
            await child.receive()
        finally:
            await child.kill()

    with pytest.raises(OSError, match="frame"):
        asyncio.run(talk())
