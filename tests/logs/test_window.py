"""Repeats collapse, memory is bounded, lines that come with another yield to it."""

from __future__ import annotations

import pytest

from collectors.logs.log_window import ASIDE_WAIT, KEYS, WINDOW, Window
from rules.matching.matcher import Hit
from rules.matching.signatures import load_signatures
from rules.reading.lexicon import load_lexicon
from wire.judgement import BY_FORM

SIGNATURES = {signature.id: signature for signature in load_signatures()}


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def window(clock):
    return Window(clock)


def hit(name: str, line: str = "a line") -> Hit:
    return Hit(SIGNATURES[name], 0, line.encode(), {})


def test_lines_of_another_day_hide_none_of_today(window):
    assert window.admit(hit("soft-lockup"), "host:a", "x", age=86_400.0).age == 86_400.0
    assert window.admit(hit("soft-lockup"), "host:a", "x").age == 0.0


def test_first_line_is_told_at_once(window):
    assert window.admit(hit("soft-lockup"), "host:a", "x").evidence["count"] == 1


def test_a_line_that_is_only_read_says_so(window):
    read = Hit(load_lexicon().forms[0], 0, b"a line", {})
    assert window.admit(read, "host:a", "x").evidence[BY_FORM] is True
    assert BY_FORM not in window.admit(hit("soft-lockup"), "host:a", "x").evidence


def test_repeats_are_one_judgement_when_the_window_closes(window, clock):
    window.admit(hit("soft-lockup"), "host:a", "x")
    assert [window.admit(hit("soft-lockup"), "host:a", "x") for _ in range(1000)] == [None] * 1000
    clock.now += WINDOW
    assert [one.evidence["count"] for one in window.due()] == [1000]


def test_other_entity_is_told_apart(window):
    window.admit(hit("soft-lockup"), "host:a", "x")
    assert window.admit(hit("soft-lockup"), "host:b", "x") is not None


def test_a_line_that_was_read_late_is_as_old_as_it_is(window):
    assert window.admit(hit("soft-lockup"), "host:a", "x", age=40.0).age == 40.0


def test_repeats_are_seen_until_now(window, clock):
    for _ in range(2):
        window.admit(hit("soft-lockup"), "host:a", "x", age=40.0)
    clock.now += WINDOW
    assert [one.age for one in window.due()] == [0.0]


def test_quiet_key_is_forgotten(window, clock):
    window.admit(hit("soft-lockup"), "host:a", "x")
    clock.now += WINDOW
    assert window.due() == []
    assert window.admit(hit("soft-lockup"), "host:a", "x") is not None


def test_too_many_keys_are_counted_and_said(window, clock):
    told = [window.admit(hit("segfault"), f"process:a/{n}", "x") for n in range(KEYS + 7)]
    assert sum(one is not None for one in told) == KEYS
    clock.now += WINDOW
    assert [one.evidence["dropped"] for one in window.due() if "dropped" in one.evidence] == [7]
    clock.now += WINDOW
    assert window.due() == []


def test_line_beside_the_one_that_names_the_victim_is_not_told(window, clock):
    assert window.admit(hit("oom-invoked"), "host:a", "x") is None
    assert window.admit(hit("oom-constraint-unit"), "service:a/shop", "x") is not None
    assert window.admit(hit("oom-killed-process"), "process:a/java", "x") is None
    clock.now += ASIDE_WAIT
    assert window.due() == []


def test_of_lines_that_wait_the_one_that_names_the_victim_is_told(window, clock):
    window.admit(hit("oom-invoked"), "host:a", "x")
    window.admit(hit("oom-killed-process"), "process:a/java", "x")
    clock.now += ASIDE_WAIT
    assert [one.subject for one in window.due()] == ["process:a/java"]


def test_a_stack_beneath_a_complaint_of_any_kind_is_no_complaint_of_its_own(window, clock):
    window.admit(hit("call-trace"), "host:a", "x")
    window.admit(hit("oom-constraint-unit"), "service:a/shop", "x")
    window.admit(hit("call-trace"), "host:a", "x")
    clock.now += ASIDE_WAIT
    assert window.due() == []


def test_what_a_server_raises_when_its_caller_hung_up_is_no_exception_of_its_own(window, clock):
    told = [
        window.admit(hit(each), "service:a/shop", "x")
        for each in ("script-trace", "script-frame", "caller-gone", "script-frame")
    ]
    clock.now += ASIDE_WAIT
    assert [one.signal for one in (*told, *window.due()) if one] == ["log.caller_gone"]


def test_a_stack_in_another_log_is_no_part_of_it(window, clock):
    window.admit(hit("oom-constraint-unit"), "service:a/shop", "x")
    window.admit(hit("call-trace"), "host:a", "y")
    clock.now += ASIDE_WAIT
    assert [one.signal for one in window.due()] == ["log.oops"]


def test_line_that_stays_alone_is_told(window, clock):
    window.admit(hit("oom-invoked"), "host:a", "x")
    clock.now += ASIDE_WAIT
    assert [one.subject for one in window.due()] == ["host:a"]


def test_where_a_log_ends_nothing_is_waited_for(window):
    window.admit(hit("oom-invoked"), "host:a", "x")
    assert [one.subject for one in window.due(ended=True)] == ["host:a"]
