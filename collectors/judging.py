"""Builds a judgement from a reason: what is merely high warns, everything else that is not ok fails."""

from __future__ import annotations

import re

from wire.entity import Entity
from wire.judgement import Judgement, Reason, Scalar, Verdict

VERDICTS = {Reason.OK: Verdict.PASS, Reason.HIGH: Verdict.WARN, Reason.UNSYNCHRONISED: Verdict.WARN}
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
LONGEST_SUBJECT, LONGEST_FACT = 512, 1024


def judged(
    signal: str, subject: Entity, reason: Reason, value: float | None = None, **facts: Scalar
) -> Judgement:
    """``value`` is in the unit that the collector's docstring names.

    Processes, mounts and interfaces may be called anything by whoever made them: what could not travel, or
    could speak to a terminal, is replaced.
    """
    return Judgement(
        signal=signal,
        subject=CONTROL.sub("?", subject)[:LONGEST_SUBJECT],
        verdict=VERDICTS.get(reason, Verdict.FAIL),
        reason=reason,
        value=value,
        evidence={name: _harmless(fact) for name, fact in facts.items()},
    )


def _harmless(fact: Scalar) -> Scalar:
    return CONTROL.sub("?", fact)[:LONGEST_FACT] if isinstance(fact, str) else fact
