"""The recent runs of one key: whether it fails on and off, and since when it is as it is."""

from __future__ import annotations

import msgspec

from wire.judgement import Reason, Verdict

KEPT = 8
WINDOW = 90.0
"""Seconds inside which two separate failing runs make a key intermittent."""

OVERLAP = 30.0
"""Seconds by which one look may outlast another; what is older than that was told by another clock."""


class Run(msgspec.Struct):
    """Like results in a row. A run holds more than single results would at a two-second cadence."""

    failing: bool
    began: float
    ended: float
    reasons: list[Reason]


def remember(runs: list[Run], verdict: Verdict, reason: Reason, at: float) -> None:
    """Add one result. Unknown is no result: it neither breaks a run nor prolongs one.

    Looks at the same thing may overlap: one that ended earlier than what is known breaks no run either.
    Runs that ended long after it were dated by a clock that was set back since: nothing follows from them.
    """
    ahead = runs[-1].ended - at if runs else 0.0
    if verdict is Verdict.UNKNOWN or 0 < ahead < OVERLAP:
        return
    if ahead >= OVERLAP:
        runs.clear()
    failing = verdict is not Verdict.PASS
    if not runs or runs[-1].failing is not failing:
        runs.append(Run(failing=failing, began=at, ended=at, reasons=[reason] if failing else []))
        del runs[:-KEPT]
        return
    run = runs[-1]
    run.ended = max(run.ended, at)
    if failing and reason not in run.reasons and len(run.reasons) < KEPT:
        run.reasons.append(reason)


def intermittent(runs: list[Run], now: float) -> tuple[Reason, ...]:
    """Reasons seen in two or more separate failing runs inside the window, else empty.

    Two runs that share no reason are one trouble after another, such as a repair that broke something else.
    """
    recent = [run for run in runs if run.failing and run.ended >= now - WINDOW]
    if len(recent) < 2 or (len(recent) == 2 and set(recent[0].reasons).isdisjoint(recent[1].reasons)):
        return ()
    seen = {reason: None for run in recent for reason in run.reasons}
    return tuple(seen)[:KEPT]


def last_opposite(runs: list[Run], verdict: Verdict) -> float | None:
    """When the opposite of ``verdict`` (pass, or not pass) was last seen; unknown has no opposite."""
    if verdict is Verdict.UNKNOWN:
        return None
    failing = verdict is not Verdict.PASS
    return next((run.ended for run in reversed(runs) if run.failing is not failing), None)
