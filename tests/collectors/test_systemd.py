"""What systemd says, from its own recorded words."""

from __future__ import annotations

from collectors.services.systemd import parse_state, parse_units

FAILED = """\
● nginx.service  loaded failed     failed       A high performance web server and a reverse proxy server
* shop.service   loaded activating auto-restart The shop
cron.service     loaded failed     failed       Regular background program processing daemon
"""
GAVE_UP = "Type=simple\nResult=start-limit-hit\nNRestarts=5\nExecMainStatus=1\nSubState=failed\n"
KILLED = "Type=forking\nResult=signal\nNRestarts=0\nExecMainStatus=9\nSubState=failed\n"


def test_units_in_trouble_are_read_with_and_without_their_mark():
    assert parse_units(FAILED) == ["nginx.service", "shop.service", "cron.service"]


def test_a_unit_that_systemd_gave_up_was_looping():
    assert parse_state(GAVE_UP).looping


def test_a_unit_that_was_killed_once_was_not_looping():
    state = parse_state(KILLED)
    assert (state.looping, state.result, state.status) == (False, "signal", 9)


def test_a_unit_that_the_kernel_ended_for_lack_of_memory_says_so():
    assert parse_state("Type=simple\nResult=oom-kill\nExecMainStatus=9\nSubState=failed\n").out_of_memory
    assert not parse_state(KILLED).out_of_memory
