"""A run of drills that is interrupted or killed ends clean; one without a name takes one that is free."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from drills.drill import catalogue
from drills.rack import NAME, Rack
from tests.drills.seeing import left_over

pytestmark = pytest.mark.root


@pytest.fixture(autouse=True)
def _as_root() -> None:
    if os.geteuid():
        pytest.skip("needs root: the lab is made of namespaces")


def start(prefix: str) -> subprocess.Popen[str]:
    """A run of one drill, whose lab is just being built."""
    argv = ["drill", "run", catalogue()[0].stem, "--labs", "1", "--prefix", prefix]
    running = subprocess.Popen(
        [sys.executable, "-m", "cli.main", *argv],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_until(Path(tempfile.gettempdir(), f"{NAME}{prefix}1").exists)
    return running


def wait_until(condition: Callable[[], bool]) -> None:
    for _ in range(600):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come to pass")


def children_of(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_ctrl_c_ends_a_run_without_a_traceback_and_leaves_nothing() -> None:
    prefix = f"i{os.getpid()}"
    running = start(prefix)
    os.killpg(running.pid, signal.SIGINT)
    _, said = running.communicate(timeout=180)
    assert (running.returncode, "Traceback" in said) == (130, False), said
    assert left_over(f"{NAME}{prefix}1") == []


def test_the_labs_of_a_killed_run_end_too() -> None:
    prefix = f"j{os.getpid()}"
    running = start(prefix)
    workers = children_of(running.pid)
    running.kill()
    running.communicate()
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))


def test_labs_without_a_name_take_names_that_are_free() -> None:
    first, second = Rack(), Rack()
    try:
        assert first.name != second.name
    finally:
        second.remove()
        first.remove()
