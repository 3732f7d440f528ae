"""Who was in trouble is looked after for a while: the look that finds nothing any more proves the repair."""

from __future__ import annotations

from collections.abc import Iterable

from collectors.host import Host

SECONDS = 900.0


def recovered(host: Host, signal: str, in_trouble: Iterable[str]) -> list[str]:
    """Names that were in trouble within the last quarter of an hour and are not now."""
    last: dict[str, float] = host.memory.setdefault("aftercare", {}).setdefault(signal, {})
    now = host.ticks()
    current = set(in_trouble)
    last.update(dict.fromkeys(current, now))
    for name, at in list(last.items()):
        if now - at > SECONDS:
            del last[name]
    return sorted(last.keys() - current)
