"""Which came first: a little for a root whose own symptom came before its consequences, a little against."""

from __future__ import annotations

from rules.inference.cause import NAT, Cause, Nats
from rules.inference.closure import Closure
from rules.inference.outcomes import Reading
from rules.inference.touch import Touches

MOST: Nats = 700_000 * NAT // 1_000_000
"""The most that order says in all."""


def order_of_events(closure: Closure, touches: Touches) -> Nats:
    """Order counts only where the intervals (last pass, first fail] do not overlap."""
    own: dict[Cause, Reading] = {}
    later: list[tuple[Cause, Reading]] = []
    for cause, active in closure.active.items():
        produced = [touch.reading for touch in touches.of(cause, active.onset) if touch.produces]
        if active.because is None:
            if produced:
                own[cause] = min(produced, key=lambda reading: (reading.since, reading.key))
        else:
            later += [(cause, reading) for reading in produced]
    if not own:
        return 0
    before = after = 0
    for cause, reading in later:
        first = own.get(_root_of(cause, closure))
        if first is None or reading.key == first.key:
            continue
        before += _precedes(first, reading)
        after += _precedes(reading, first)
    compared = before + after
    return MOST * (before - after) // compared if compared else 0


def _root_of(cause: Cause, closure: Closure) -> Cause:
    parent = closure.active[cause].because
    while parent is not None:
        cause, parent = parent, closure.active[parent].because
    return cause


def _precedes(one: Reading, other: Reading) -> bool:
    """Whether ``one`` had failed before ``other`` was last seen well, both clocks' errors allowed for."""
    if other.opposite_at is None:
        return False
    return one.since + one.clock_error < other.opposite_at - other.clock_error
