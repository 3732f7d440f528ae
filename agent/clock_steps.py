"""Notices that the wall clock was set, or that the machine slept, by the clock that never steps."""

from __future__ import annotations

from collections.abc import Callable

LEAST = 2.0
"""Seconds; less is what time daemons correct as they go."""


class ClockSteps:
    """``clock`` is the wall clock, ``ticks`` the monotonic one; both in seconds."""

    def __init__(self, clock: Callable[[], float], ticks: Callable[[], float]) -> None:
        self._clock = clock
        self._ticks = ticks
        self._apart = clock() - ticks()

    def step(self) -> float:
        """By how much it was set since the last question; 0 for next to nothing."""
        apart = self._clock() - self._ticks()
        step = apart - self._apart
        self._apart = apart
        return step if abs(step) >= LEAST else 0.0
