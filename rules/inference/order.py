"""Which came first: a little for a root whose own symptom came before its consequences, a little against."""

from __future__ import annotations

from rules.diagnosis import Key
from rules.inference.cause import NAT, Cause, Nats
from rules.inference.closure import Closure
from rules.inference.outcomes import Reading
from rules.inference.touch import Touches
from wire.entity import host, host_of

MOST: Nats = 700_000 * NAT // 1_000_000
"""The most that order says in all."""


def order_of_events(closure: Closure, touches: Touches) -> Nats:
    """Order counts only where the intervals (last pass, first fail] do not overlap."""
    own: dict[Cause, dict[Key, Reading]] = {}
    later: list[tuple[Cause, Reading]] = []
    for cause, active in closure.active.items():
        root = _root_of(cause, closure)
        near = is_near(cause, root, active.because)
        for touch in touches.of(cause, active.onset):
            if touch.produces and near:
                own.setdefault(root, {})[touch.reading.key] = touch.reading
            elif touch.produces:
                later.append((root, touch.reading))
    first = {
        root: min(readings.values(), key=lambda each: (each.since, each.key))
        for root, readings in own.items()
    }
    before = after = 0
    for root, reading in later:
        if root in first and reading.key not in own[root]:
            before += _precedes(first[root], reading)
            after += _precedes(reading, first[root])
    compared = before + after
    return MOST * (before - after) // compared if compared else 0


def is_near(cause: Cause, root: Cause, because: Cause | None) -> bool:
    """Whether the looks at ``cause`` are looks at the root itself, or at the host that it is part of."""
    if cause == root:
        return True
    return because == root and cause.entity in (root.entity, host(host_of(root.entity)))


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
