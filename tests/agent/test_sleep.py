"""A machine says goodbye before it sleeps: the real logind on a bus of its own, with systemd stood in for."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from agent.sleep import Sleep
from tests.kernel.buses import message_bus

LOGIND = Path("/lib/systemd/systemd-logind")
BEGIN = """
mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system /run/dbus
echo mem > "$1/state" && mount --bind "$1/state" /sys/power/state
exec /lib/systemd/systemd-logind
"""
"""A kernel that says it can sleep, and nothing of the machine's own logind."""
pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(os.getuid() != 0, reason="needs root"),
    pytest.mark.skipif(
        not (LOGIND.exists() and shutil.which("dbus-daemon") and Path("/sys/power/state").exists()),
        reason="needs the packages dbus and systemd",
    ),
]


@pytest.fixture
def address(tmp_path):
    with message_bus(tmp_path) as path:
        units = [sys.executable, "-m", "tests.agent.units", path]
        logind = ["unshare", "-m", "sh", "-c", BEGIN, "sh", str(tmp_path)]
        environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={path}"}
        with (
            subprocess.Popen(units, stdout=subprocess.PIPE) as keeper,
            subprocess.Popen(logind, env=environment, stderr=subprocess.DEVNULL) as login,
        ):
            try:
                assert keeper.stdout.readline() == b"ready\n"
                asked(path, "CanSuspend", patience=400)
                yield path
            finally:
                login.send_signal(signal.SIGTERM)
                keeper.kill()


def asked(path, method, *arguments, patience=1):
    """What logind answers; it needs a moment to be there."""
    place = ["org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager"]
    argv = ["busctl", f"--address=unix:path={path}", "call", *place, method, *arguments]
    for _ in range(patience):
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return done.stdout
        signal.sigtimedwait([], 0.2)
    raise AssertionError(done.stderr)


class Told:
    """What was asked of the uplink, in order."""

    def __init__(self, path):
        self.calls = []
        self.locks = []
        self.path = path
        self.changed = asyncio.Event()
        self.loop = asyncio.get_running_loop()

    def leave(self):
        self.locks.append(locks(self.path))
        self._note("leave")

    def back(self):
        self._note("back")

    def _note(self, call):
        self.calls.append(call)
        self.loop.call_soon_threadsafe(self.changed.set)

    async def until(self, *calls):
        while self.calls[: len(calls)] != list(calls):
            await self.changed.wait()
            self.changed.clear()


def locks(path):
    """Who is waited for before the machine sleeps."""
    return "Rootward" in asked(path, "ListInhibitors")


async def holds(path):
    held = await asyncio.to_thread(locks, path)
    while not held:  # logind tells nobody that somebody asked it to wait
        held = await asyncio.to_thread(locks, path)


def test_the_goodbye_is_said_while_the_machine_waits_and_taken_back_when_it_wakes(address):
    async def night():
        told = Told(address)
        task = asyncio.create_task(Sleep(told.leave, told.back, address).run())
        await holds(address)
        await asyncio.to_thread(asked, address, "Suspend", "b", "false")
        await told.until("leave", "back")
        await holds(address)
        task.cancel()
        return told

    assert asyncio.run(night()).locks == [True]


def test_a_bus_that_ends_in_the_night_does_not_leave_the_agent_silent(tmp_path):
    async def night():
        with message_bus(tmp_path) as path:
            told = Told(path)
            task = asyncio.create_task(Sleep(told.leave, told.back, path).run())
            await asyncio.sleep(0)
        await told.until("back")
        task.cancel()

    asyncio.run(night())


def test_where_there_is_no_bus_nothing_is_done(tmp_path):
    async def night():
        told = Told("")
        task = asyncio.create_task(Sleep(told.leave, told.back, str(tmp_path / "none")).run())
        await told.until("back")
        task.cancel()
        return told.calls

    assert asyncio.run(night()) == ["back"]
