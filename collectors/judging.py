"""Builds a judgement from a reason: what is merely high warns, everything else that is not ok fails."""

from __future__ import annotations

from wire.entity import Entity
from wire.judgement import Judgement, Reason, Scalar, Verdict

VERDICTS = {Reason.OK: Verdict.PASS, Reason.HIGH: Verdict.WARN, Reason.UNSYNCHRONISED: Verdict.WARN}


def judged(
    signal: str, subject: Entity, reason: Reason, value: float | None = None, **facts: Scalar
) -> Judgement:
    """``value`` is in the unit that the collector's docstring names."""
    verdict = VERDICTS.get(reason, Verdict.FAIL)
    return Judgement(
        signal=signal, subject=subject, verdict=verdict, reason=reason, value=value, evidence=facts
    )
