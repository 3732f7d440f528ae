"""What a log line weighs that no signature knows, so that it was only read."""

from __future__ import annotations

import pytest

from rules.evidence import Dated, Evidence, evidence_of
from wire.judgement import BY_FORM, Reason, Verdict
from wire.observation import Observation

DATED = Dated(10.0, 10.0)


def line(known: Evidence | None = None, *, by_form: bool, verdict: Verdict = Verdict.FAIL) -> Evidence:
    seen = Observation(
        seq=1,
        signal="log.no_space",
        subject="fs:web1:/var",
        verdict=verdict,
        reason=Reason.OK if verdict is Verdict.PASS else Reason.MATCHED,
        at=10.0,
        since=10.0,
        evidence={BY_FORM: True} if by_form else {},
    )
    return evidence_of("web1", seen, DATED, (), known=known)


@pytest.mark.parametrize("by_form", [False, True])
def test_evidence_tells_whether_the_line_was_only_read(by_form):
    assert line(by_form=by_form).by_form is by_form


def test_what_is_only_read_takes_nothing_from_what_a_signature_knew():
    assert not line(line(by_form=False), by_form=True).by_form


def test_what_a_signature_knows_adds_to_what_was_only_read():
    assert not line(line(by_form=True), by_form=False).by_form


def test_after_the_repair_a_line_is_weighed_anew():
    assert line(line(by_form=False, verdict=Verdict.PASS), by_form=True).by_form
