"""How long something has been so, look by look: what lasts is a symptom, a moment is none."""

from __future__ import annotations

from collections import deque

from collectors.host import Host

DIP = 0.8
"""A tick more or less between two looks ends no load: one look may stay so far below the others."""


def held(host: Host, name: str, value: float, looks: int) -> float:
    """The level that the last ``looks`` looks, this one included, held; 0 while there are fewer.

    They reach it all together, and none is much below.
    """
    kept: dict[str, deque[float]] = host.memory.setdefault("held", {})
    last = kept.setdefault(name, deque(maxlen=looks))
    last.append(value)
    return min(sum(last) / looks, min(last) / DIP) if len(last) == looks else 0.0


def in_a_row(host: Host, name: str, *, so: bool | None) -> int:
    """At how many looks one after the other it was so; None: this one tells nothing of it."""
    runs: dict[str, int] = host.memory.setdefault("in a row", {})
    if so is not None:
        runs[name] = runs.get(name, 0) + 1 if so else 0
    return runs.get(name, 0)


def seconds(host: Host, name: str, *, so: bool) -> float:
    """For how long it has been so at every look; 0 at the first, and where it is not so."""
    began: dict[str, float] = host.memory.setdefault("began", {})
    if not so:
        began.pop(name, None)
        return 0.0
    now = host.ticks()
    return now - began.setdefault(name, now)
