"""Scheduled jobs, by what systemctl show prints of their timers and services."""

from __future__ import annotations

import time

import pytest

from collectors.command import Completed
from collectors.host import Host
from collectors.services import timers
from tests.collectors.conftest import about
from wire.judgement import Reason

HOUR = 3600.0


class Systemd(Host):
    """A machine whose systemd says what it is told; everything else of it is files that are not there."""

    def __init__(self, clock) -> None:
        super().__init__("box", "/dev/null", clock=clock, ticks=clock)
        self.timer = {"Id": "backup.timer", "Unit": "backup.service", "ActiveState": "active"}
        self.timer |= {"UnitFileState": "enabled", "LastTriggerUSec": "n/a"}
        self.service = {"Id": "backup.service", "ActiveState": "inactive", "Result": "success"}

    def run(self, argv, timeout=3.0, limit=0):
        block = self.timer if argv[-1].endswith(".timer") else self.service
        return Completed(code=0, out="\n".join(f"{name}={value}" for name, value in block.items()).encode())

    def ran(self, result="success") -> None:
        now = time.strftime("%a %Y-%m-%d %H:%M:%S UTC", time.localtime(self.clock()))
        self.timer["LastTriggerUSec"] = self.service["ExecMainExitTimestamp"] = now
        self.service["Result"] = result


@pytest.fixture
def systemd(tree):
    return Systemd(tree.clock)


def look(host) -> Reason:
    return about(timers.read(host), "svc.timer", "job:box/backup").reason


def test_a_job_that_runs_and_ends_well_is_well(systemd, tree):
    for _ in range(6):
        systemd.ran()
        assert look(systemd) is Reason.OK
        tree.clock.pass_by(HOUR)


def test_a_run_that_fails_is_told_until_one_ends_well(systemd, tree):
    assert look(systemd) is Reason.OK
    systemd.ran("exit-code")
    assert look(systemd) is Reason.ERRORS
    tree.clock.pass_by(HOUR)
    systemd.ran()
    assert look(systemd) is Reason.OK


def test_a_failure_from_before_the_agent_came_is_no_news(systemd, tree):
    systemd.ran("exit-code")
    assert look(systemd) is Reason.OK
    tree.clock.pass_by(HOUR)
    systemd.ran("exit-code")
    assert look(systemd) is Reason.ERRORS


def test_a_job_that_misses_its_rhythm_is_overdue(systemd, tree):
    for _ in range(5):
        systemd.ran()
        look(systemd)
        tree.clock.pass_by(HOUR)
    assert look(systemd) is Reason.OK
    tree.clock.pass_by(HOUR)
    assert look(systemd) is Reason.OVERDUE


def test_an_enabled_timer_that_was_stopped_is_told(systemd):
    assert look(systemd) is Reason.OK
    systemd.timer["ActiveState"] = "inactive"
    assert look(systemd) is Reason.STOPPED
    systemd.timer["UnitFileState"] = "disabled"
    assert look(systemd) is Reason.OK


def test_blocks_are_told_apart_by_empty_lines():
    raw = b"Id=a.timer\nActiveState=failed\n\nId=b.timer\nActiveState=active\n"
    assert [one["Id"] for one in timers.parse(raw)] == ["a.timer", "b.timer"]
    assert (
        about(timers.judge(timers.parse(raw), Host("box", "/dev/null")), "svc.timer").subject == "job:box/a"
    )
