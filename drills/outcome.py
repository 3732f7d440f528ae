"""What came of a drill, and the table of all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median
from typing import Literal

import msgspec


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """One run of one drill. Times are seconds from the injection, of ``resolved`` from its end."""

    drill: str
    run: int
    verdict: Literal["passed", "failed", "not run"]
    why: str = ""
    """Why it failed or could not be run."""
    seen_by: str = ""
    answer: str = ""
    """Fault and entity of the right ticket, or of what was opened instead."""
    detected: float | None = None
    """Onset of the first symptom, as the ticket tells it."""
    opened: float | None = None
    """The right ticket stood from here on."""
    resolved: float | None = None
    merged: int = 0
    """Tickets that were opened and then merged."""
    tickets: int = 0
    """All that were opened, these included."""
    first: float | None = None
    """Some ticket stood from here on, right or not."""
    harmed: tuple[float, float] | None = None
    """When the first harm began, and when all of it was undone; seconds since the epoch."""

    @property
    def settled(self) -> float | None:
        """From the first symptom to the right ticket."""
        if self.opened is None or self.detected is None:
            return None
        return self.opened - self.detected


HEAD = ("DRILL", "PASSED", "DETECTED", "SETTLED", "TICKET", "RESOLVED", "ANSWER, OR WHY NOT")


def table(outcomes: Sequence[Outcome]) -> str:
    """One row per drill with the medians of its runs, then the sums."""
    names = list(dict.fromkeys(outcome.drill for outcome in outcomes))
    rows = [_row(name, [outcome for outcome in outcomes if outcome.drill == name]) for name in names]
    widths = [max(len(row[column]) for row in [HEAD, *rows]) for column in range(len(HEAD))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [HEAD, *rows]
    ]
    return "\n".join([*lines, "", *_sums(outcomes)])


def _row(name: str, runs: Sequence[Outcome]) -> tuple[str, ...]:
    ran = [run for run in runs if run.verdict != "not run"]
    passed = [run for run in ran if run.verdict == "passed"]
    trouble = next((run for run in runs if run.verdict != "passed"), None)
    return (
        name,
        f"{len(passed)}/{len(ran)}" if ran else "not run",
        _seconds(run.detected for run in passed),
        _seconds(run.settled for run in passed),
        _seconds(run.opened for run in passed),
        _seconds(run.resolved for run in passed),
        f"{trouble.verdict.upper()}: {trouble.why}" if trouble else runs[0].answer,
    )


def _sums(outcomes: Sequence[Outcome]) -> list[str]:
    ran = [outcome for outcome in outcomes if outcome.verdict != "not run"]
    passed = [outcome for outcome in ran if outcome.verdict == "passed"]
    share = f"{100 * len(passed) / len(ran):.1f} %" if ran else "–"
    lines = [f"{len(passed)} of {len(ran)} runs passed ({share}); not run: {len(outcomes) - len(ran)}"]
    for who, meaning in (("host", "the host sees itself"), ("network", "others must find out")):
        of_kind = [outcome for outcome in passed if outcome.seen_by == who]
        lines.append(
            f"faults that {meaning}: median detection {_seconds(o.detected for o in of_kind)}, "
            f"settling {_seconds(o.settled for o in of_kind)}, "
            f"to the right ticket {_seconds(o.opened for o in of_kind)}"
        )
    failed = sorted({outcome.drill for outcome in ran if outcome.verdict == "failed"})
    return [*lines, f"failed: {', '.join(failed)}"] if failed else lines


def _seconds(values: Iterable[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{median(known):.1f} s" if known else "–"
