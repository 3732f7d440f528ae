"""A task that waits in the kernel for minutes without running is stuck; one that runs now and then is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from collectors.host import Host
from collectors.system.blocked_tasks import LONG, read
from wire.judgement import Reason

STAT = (
    "{pid} ({name}) {state} 1 {pid} {pid} 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 500 0 0 18446744073709551615"
    + " 0" * 26
)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def host(tmp_path, clock):
    return Host("web1", str(tmp_path), ticks=clock)


def task(root: Path, state: str, switches: int) -> None:
    folder = root / "proc" / "7"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "stat").write_text(STAT.format(pid=7, name="rsync", state=state))
    (folder / "status").write_text(f"Name:\trsync\nvoluntary_ctxt_switches:\t{switches}\n")


def judged(host):
    (one,) = read(host)
    return one.reason, one.value, one.evidence["names"]


def test_task_that_waits_for_minutes_is_stuck(tmp_path, host, clock):
    task(tmp_path, "D", 3)
    assert judged(host) == (Reason.OK, 0, "")
    clock.now += LONG
    assert judged(host) == (Reason.HUNG, 1, "rsync")


def test_task_that_ran_in_between_is_not_stuck(tmp_path, host, clock):
    task(tmp_path, "D", 3)
    judged(host)
    clock.now += LONG
    task(tmp_path, "D", 4)
    assert judged(host) == (Reason.OK, 0, "")


def test_task_that_was_released_is_well_again(tmp_path, host, clock):
    task(tmp_path, "D", 3)
    judged(host)
    clock.now += LONG
    judged(host)
    task(tmp_path, "S", 4)
    assert judged(host) == (Reason.OK, 0, "")
