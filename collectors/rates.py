"""Turns counters that only rise into rates per second, and forgets them when they are reset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from collectors.host import Host

LEAST_SECONDS = 0.5
"""Two readings closer than this make no rate."""


class Rates:
    """The last reading of one set of counters."""

    def __init__(self) -> None:
        self._at = 0.0
        self._counters: dict[str, int] = {}

    @classmethod
    def of(cls, host: Host, name: str) -> Rates:
        """The counters called ``name`` in this unit's memory."""
        return cast("Rates", host.memory.setdefault("rates", {}).setdefault(name, cls()))

    def update(self, counters: Mapping[str, int], now: float) -> dict[str, float] | None:
        """Rates since the last reading; None for the first one, one too soon, and after a reset."""
        seconds = now - self._at
        last = self._counters
        if last and seconds < LEAST_SECONDS:
            return None
        self._at, self._counters = now, dict(counters)
        if not last or any(counters.get(name, 0) < value for name, value in last.items()):
            return None
        return {name: (value - last[name]) / seconds for name, value in counters.items() if name in last}
