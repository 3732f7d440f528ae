"""A run of drills that is interrupted or killed ends clean; one without a name takes one that is free."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drills.drill import catalogue
from drills.rack import NAME, Rack
from tests.drills.seeing import left_over, soon

Start = Callable[[str], subprocess.Popen[str]]
pytestmark = [pytest.mark.root, pytest.mark.timeout(600)]


@pytest.fixture(autouse=True)
def _as_root() -> None:
    if os.geteuid():
        pytest.skip("needs root: the lab is made of namespaces")


@pytest.fixture
def start() -> Iterator[Start]:
    """Runs one drill, whose lab is just being built."""
    started: list[subprocess.Popen[str]] = []

    def run(prefix: str) -> subprocess.Popen[str]:
        started.append(interruptible(prefix))
        assert soon(Path(tempfile.gettempdir(), f"{NAME}{prefix}1").exists, 180)
        return started[-1]

    yield run
    for running in started:
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGKILL)
        running.communicate()


def interruptible(prefix: str) -> subprocess.Popen[str]:
    """A shell has its background jobs ignore Ctrl-C, and all that these start: perhaps also the tests."""
    argv = ["drill", "run", catalogue()[0].stem, "--labs", "1", "--prefix", prefix]
    return subprocess.Popen(
        ["env", "--default-signal=INT", sys.executable, "-m", "cli.main", *argv],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def children_of(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def runs(pid: int) -> bool:
    """An orphan that has ended may be kept by a first process that does not ask after it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_ctrl_c_ends_a_run_without_a_traceback_and_leaves_nothing(start: Start) -> None:
    prefix = f"i{os.getpid()}"
    running = start(prefix)
    os.killpg(running.pid, signal.SIGINT)
    _, said = running.communicate(timeout=400)
    assert (running.returncode, "Traceback" in said) == (130, False), said
    assert soon(lambda: left_over(f"{NAME}{prefix}1") == [])


def test_the_labs_of_a_killed_run_end_too(start: Start) -> None:
    prefix = f"j{os.getpid()}"
    running = start(prefix)
    workers = children_of(running.pid)
    running.kill()
    running.communicate(timeout=400)
    assert soon(lambda: not any(map(runs, workers)), 400)


def test_labs_without_a_name_take_names_that_are_free() -> None:
    first, second = Rack(), Rack()
    try:
        assert first.name != second.name
    finally:
        second.remove()
        first.remove()
