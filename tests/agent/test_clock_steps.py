"""A clock that is set stops no round."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agent.clock_steps import ClockSteps

ROUNDS = """
import asyncio, sys, time
from pathlib import Path
from agent.clock_steps import ClockSteps
from agent.looks.schedule import Schedule

async def work():
    runs = 0
    set_back = asyncio.Event()
    again = asyncio.Event()

    async def run(slot):
        nonlocal runs
        runs += 1
        (again if set_back.is_set() else first).set()

    first = asyncio.Event()
    schedule = Schedule(run, asyncio.get_running_loop())
    schedule.set_slots([(1.0, 0)])
    schedule.start()
    await first.wait()
    steps = ClockSteps(time.time, time.monotonic)
    Path(sys.argv[1]).write_text("-3600")
    while not (step := steps.step()):
        await asyncio.sleep(0.05)
    set_back.set()
    schedule.realign()
    await again.wait()
    schedule.stop()
    print("goes on")

asyncio.run(work())
"""


def test_a_step_is_told_once_and_slow_correction_is_none():
    clock, ticks = [1000.0], [5.0]
    steps = ClockSteps(lambda: clock[0], lambda: ticks[0])
    clock[0], ticks[0] = 1001.5, 6.0
    assert steps.step() == 0.0
    clock[0] -= 3600
    assert steps.step() == -3600.0
    assert steps.step() == 0.0


def test_rounds_go_on_when_the_clock_is_set_back_by_an_hour(tmp_path):
    library = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)
    if library is None:
        pytest.skip("faketime is not installed")
    offset = tmp_path / "offset"
    offset.write_text("+0")
    done = subprocess.run(
        [sys.executable, "-c", ROUNDS, str(offset)],
        env={
            **os.environ,
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(offset),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.stdout.strip() == "goes on", done.stderr
