"""What the stages decided in one turn, for log and metric: the first of each kind in full, then how many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum

import structlog

from server.diagnosis.turn import Decision

IN_FULL = 50
"""Lines of one stage and reason in one turn; a storm must not fill the disk with its own description."""
_log = structlog.get_logger("diagnosis")


def log_decisions(decisions: Iterable[Decision]) -> list[tuple[str, str, int]]:
    """Returns (stage, reason, how many)."""
    counted: Counter[tuple[str, StrEnum]] = Counter()
    for each in decisions:
        kind = (each.stage, each.reason)
        counted[kind] += 1
        if counted[kind] <= IN_FULL:
            _log.info("decided", stage=each.stage, reason=each.reason, about=each.about)
    for (stage, reason), count in counted.items():
        if count > IN_FULL:
            _log.info("decided", stage=stage, reason=reason, more=count - IN_FULL)
    return [(stage, reason.value, count) for (stage, reason), count in counted.items()]
