"""docs/calibration.md: the figures, and what they are worth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bench.calibration.reliability import (
    ENOUGH_FAULTS,
    Sample,
    bins,
    brier,
    calibration_error,
    wilson,
)

TITLES = {"before": "Before the drill-down", "after": "After it: each ticket half a minute later"}


class Stage(NamedTuple):
    name: str
    fitting: Sequence[Sample]
    held_out: Sequence[Sample]
    temperature: float
    interval: tuple[float, float]
    used: float


def page(stages: Sequence[Stage], reruns: int, silent: int) -> str:
    return "\n".join(_lines(stages, reruns, silent))


def _lines(stages: Sequence[Stage], reruns: int, silent: int) -> Iterator[str]:
    yield INTRODUCTION.format(reruns=reruns, silent=silent, enough=ENOUGH_FAULTS)
    for stage in stages:
        yield from _stage(stage)
    yield WORTH


def _stage(stage: Stage) -> Iterator[str]:
    yield f"## {TITLES[stage.name]}\n"
    low, high = stage.interval
    yield (
        f"Temperature fitted on {_count(stage.fitting)}: {stage.temperature:.2f} (95 % interval {low:.2f} to "
        f"{high:.2f}); used: {stage.used:g}.\n"
    )
    yield "| half | faults | n | right | 95 % interval | Brier score | expected calibration error |"
    yield "|---|---|---|---|---|---|---|"
    yield from (
        _half(name, half) for name, half in (("fitted on", stage.fitting), ("held out", stage.held_out))
    )
    yield "\nThe half that was held out, by what was said:\n"
    yield "| said | n | mean said | was right | 95 % interval |"
    yield "|---|---|---|---|---|"
    for each in bins(stage.held_out):
        least, most = each.interval
        yield (
            f"| {each.low:g} – {each.high:g} | {each.n} | {each.said:.3f} | {each.came:.3f} | "
            f"{least:.2f} – {most:.2f} |"
        )
    yield ""


def _half(name: str, samples: Sequence[Sample]) -> str:
    if not samples:
        return f"| {name} | 0 | 0 | – | – | – | – |"
    right = sum(each.right for each in samples)
    low, high = wilson(right, len(samples))
    faults = len({each.fault for each in samples})
    return (
        f"| {name} | {faults} | {len(samples)} | {right / len(samples):.3f} | {low:.2f} – {high:.2f} | "
        f"{brier(samples):.3f} | {calibration_error(samples):.3f} |"
    )


def _count(samples: Sequence[Sample]) -> str:
    return f"{len(samples)} diagnoses of {len({each.fault for each in samples})} faults"


INTRODUCTION = """# Calibration

Is a diagnosis of 0.9 right nine times in ten? `make calibrate` runs the recordings of drills again
([how](recordings.md)), fits one temperature per stage on one half of the fault ids, and reports on the
other half. Which half a fault belongs to follows from a hash of its id. The scores of all sets of roots
are divided by the temperature before they become probabilities: above 1 everything is less sure, below
1 surer. The temperatures stand in `rules/inference/temperature.toml`; one that rests on fewer than
{enough} faults, or whose interval holds 1, stays 1.

{reruns} re-runs: each recording as it was, and then with observations lost (10 % of what passed, 3 % of
what failed), a fifth of the batches up to 3 s late, and two looks that fail for 12 s though nothing is
wrong there. In {silent} of them no ticket was opened. This page is written by the command.
"""

WORTH = """## What the figures are worth

- The faults were injected in one lab of ten machines, by the authors of the models. Strengths were set
  while looking at drills of the same kinds, so neither half is unseen by them; the split only keeps the
  *temperature* honest.
- Re-runs of one recording are alike. The intervals of the table take every diagnosis for itself and are
  therefore too narrow; that of the temperature resamples whole faults.
- A disturbed re-run cannot ask what nobody asked when it was recorded: some of its tests have no
  answer.
- The temperature is fitted as if each diagnosis were a choice between two (its log-odds divided by the
  temperature); in the engine it divides the scores of all sets, which is the same where one rival
  matters.
- A diagnosis counts as right when fault and entity are the expected ones or an equally right answer
  named by the drill.
- Of a ticket counts what it says half a minute after the first of its run was opened, which is what the
  person whom it woke reads: a service that will crash again and again has crashed once when its ticket
  opens, so *down* is said first, and *crash loop* seconds later.
- A recording may begin with what the drill before it had left: that is counted as wrong.
"""
