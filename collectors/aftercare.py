"""Who was in trouble is looked after for a while: the look that finds nothing any more proves the repair."""

from __future__ import annotations

from collections.abc import Iterable

from collectors.host import Host

SECONDS = 900.0
MOST = 1024
KEY = "aftercare"
"""Outlives the agent: what was in trouble when it stopped may be cured when it starts again."""


def recovered(host: Host, signal: str, in_trouble: Iterable[str]) -> list[str]:
    """Names that were in trouble within the last quarter of an hour and are not now."""
    kept: dict[str, dict[str, float]] = host.remembered.setdefault(KEY, {})
    now = host.clock()
    current = set(in_trouble)
    last = {name: at for name, at in kept.get(signal, {}).items() if abs(now - at) <= SECONDS}
    last |= dict.fromkeys(sorted(current)[:MOST], now)
    kept[signal] = last
    return sorted(last.keys() - current)
