"""The table hides nothing."""

from __future__ import annotations

from drills.outcome import Outcome, table


def outcome(drill: str, verdict: str, **more: object) -> Outcome:
    return Outcome(drill=drill, run=1, verdict=verdict, **more)  # type: ignore[arg-type]


def test_a_failed_drill_is_named_with_its_reason() -> None:
    said = table([outcome("good", "passed"), outcome("bad", "failed", why="2 tickets: a, b")])
    assert "FAILED: 2 tickets: a, b" in said
    assert "failed: bad" in said


def test_what_was_not_run_counts_neither_as_passed_nor_as_failed() -> None:
    said = table([outcome("good", "passed"), outcome("impossible", "not run", why="no such device")])
    assert "1 of 1 runs passed (100.0 %); not run: 1" in said
    assert "NOT RUN: no such device" in said


def test_medians_are_of_passed_runs_only() -> None:
    runs = [
        outcome("one", "passed", seen_by="host", detected=1.0, opened=3.0),
        outcome("one", "passed", seen_by="host", detected=2.0, opened=5.0),
        outcome("one", "failed", seen_by="host", detected=90.0, opened=None, why="x"),
    ]
    assert "median detection 1.5 s, settling 2.5 s, to the right ticket 4.0 s" in table(runs)
