"""What a re-run of one recording says before and after its drill-down, and whether that is right."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from bench.calibration.reliability import Sample
from drills.recorded import Must
from rules.catalogue import Catalogue
from rules.diagnosis import Diagnosis
from server.diagnosis.turn import Turn, root_of
from server.recording.lines import Line
from server.recording.rerun import rerun

AFTER = 30.0
"""Seconds after the first ticket: what is read by then by whoever it woke, and others opened beside it."""


class _Enough(Exception):
    """The rest of the recording tells nothing more."""


class Sampled(msgspec.Struct):
    """Samples of one re-run, by stage."""

    before: list[Sample] = []
    """The diagnoses of the last turn before the first step of the drill-down ended."""
    tickets: dict[str, Sample] = {}
    """By number: each as it stood in the end."""
    opened_at: float = 0.0


def sample(lines: Sequence[Line], must: Must, catalogue: Catalogue) -> Sampled:
    fault = must.expected[0].fault
    right = {(one.fault, one.entity) for each in must.expected for one in (each, *each.or_)}
    right |= {(each.fault, each.entity) for each in must.also}
    found = Sampled()

    def judged(diagnosis: Diagnosis) -> Sample:
        name, _ = root_of(diagnosis)
        return Sample(fault, diagnosis.probability, (name, diagnosis.entity) in right)

    def watch(turn: Turn) -> None:
        asked = any(step.after for each in turn.diagnoses for step in each.steps)
        if turn.diagnoses and not asked and not found.tickets:
            found.before = [judged(each) for each in turn.diagnoses]
        for ticket, _number, _at, diagnosis in turn.draft.diagnoses:
            found.tickets[ticket] = judged(diagnosis)
            found.opened_at = found.opened_at or turn.now
        if found.opened_at and turn.now > found.opened_at + AFTER:
            raise _Enough

    with tempfile.TemporaryDirectory() as folder, suppress(_Enough):
        rerun(lambda: lines, Path(folder), catalogue, watch)
    return found
