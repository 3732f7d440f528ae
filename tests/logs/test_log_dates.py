"""A line that is read late is dated by the minute and second that it bears, whatever its time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from collectors.logs.log_dates import written_at, written_within

NOW = datetime(2026, 11, 30, 12, 1, 30, tzinfo=UTC).timestamp()
PAUSE = 300.0
"""Seconds for which nobody read."""


def dated(line: str, pause: float = PAUSE) -> float:
    return written_within(pause, NOW)(line.encode(), 0)


@pytest.mark.parametrize(
    "line",
    [
        "Nov 30 11:59:30 web1 sshd[812]: error",
        "2026-11-30T11:59:30.000Z web1 app: error",
        "2026-11-30 11:59:30,000 UTC [812] ERROR",
        "2026/11/30 11:59:30 [error] 812#812: *1 open() failed",
        "[Mon Nov 30 11:59:30.000000 2026] [core:error] [pid 812] AH00126",
        "812:M 30 Nov 2026 11:59:30.000 # Error",
    ],
)
def test_a_line_is_as_old_as_its_stamp_says(line):
    assert dated(line) == pytest.approx(120.0, abs=1.0)


@pytest.mark.parametrize("hours", [-11, -3.5, 5.75, 14])
def test_a_stamp_of_any_time_zone_says_the_same(hours):
    at = datetime.fromtimestamp(NOW - 120, UTC) + timedelta(hours=hours)
    assert dated(f"{at:%Y-%m-%d %H:%M:%S} app: error") == pytest.approx(120.0, abs=1.0)


def test_a_stamp_from_before_the_pause_is_not_believed():
    assert dated("Nov 30 11:55:00 web1 app: replayed") == 0.0


@pytest.mark.parametrize("pause", [0.5, PAUSE, 3_600.0])
@pytest.mark.parametrize(
    "line", ["2026-11-29 11:59:30,000 ERROR", "2026/11/29 11:59:30 [error] 8#8: *1 open()"]
)
def test_a_line_of_another_day_was_put_back_and_is_as_old_as_it_says(line, pause):
    assert dated(line, pause=pause) == pytest.approx(86_520.0, abs=1.0)


@pytest.mark.parametrize("date", ["2026-11-29 21:30:00", "2026-12-01 12:00:00", "2026-13-45 99:99:99"])
def test_a_date_that_may_be_today_somewhere_or_never_was_makes_no_line_old(date):
    assert dated(f"{date} app: error", pause=0.5) == 0.0


def test_a_stamp_of_a_clock_that_runs_ahead_makes_no_line_older():
    assert dated("Nov 30 12:02:10 web1 app: error") == 0.0


def test_a_line_without_a_stamp_was_written_just_now():
    assert dated("Out of memory") == 0.0


def test_a_time_far_inside_a_line_is_no_stamp():
    assert dated(f"{'x' * 120} 11:59:30 error") == 0.0


def test_the_stamp_of_the_next_line_is_not_taken_for_that_of_this_one():
    block = b"Out of memory\nNov 30 11:59:30 web1 app: error\n"
    age = written_within(PAUSE, NOW)
    assert age(block, 0) == 0.0
    assert age(block, 14) == pytest.approx(120.0, abs=1.0)


def test_what_is_read_at_once_is_not_looked_at_for_a_stamp():
    assert dated("Nov 30 12:01:29 web1 app: error", pause=1.5) == 0.0


def test_after_a_pause_longer_than_a_quarter_of_an_hour_no_stamp_can_tell():
    assert dated("Nov 30 11:59:30 web1 app: error", pause=3_600.0) == 0.0


def test_a_source_that_dates_its_lines_is_believed():
    age = written_at([0, 6, 11], [NOW - 7.0, NOW - 3.0], NOW)
    assert [age(b"first\nnext\n", 0), age(b"first\nnext\n", 6)] == [7.0, 3.0]


def test_a_date_in_the_future_is_now():
    assert written_at([0, 6], [NOW + 60.0], NOW)(b"first\n", 0) == 0.0
