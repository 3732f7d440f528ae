"""Turns counters that only rise into rates per second, and forgets them when they are reset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from collectors.host import Host

LEAST_SECONDS = 2.0
"""Two readings closer than this, such as a second look at a symptom, make no rate of their own."""


class Rates:
    """The last reading of one set of counters."""

    def __init__(self) -> None:
        self._at = 0.0
        self._counters: dict[str, int] = {}
        self._rates: dict[str, float] | None = None

    @classmethod
    def of(cls, host: Host, name: str) -> Rates:
        """The counters called ``name`` in this unit's memory."""
        return cast("Rates", host.memory.setdefault("rates", {}).setdefault(name, cls()))

    def update(self, counters: Mapping[str, int], now: float) -> dict[str, float] | None:
        """Rates since the last reading, the same again for one too soon; None after a start or a reset."""
        seconds = now - self._at
        last = self._counters
        if not last or seconds >= LEAST_SECONDS:
            self._at, self._counters = now, dict(counters)
            fresh = not last or any(counters.get(name, 0) < value for name, value in last.items())
            self._rates = None if fresh else _between(last, counters, seconds)
        return self._rates


def _between(last: Mapping[str, int], counters: Mapping[str, int], seconds: float) -> dict[str, float]:
    return {name: (value - last[name]) / seconds for name, value in counters.items() if name in last}
