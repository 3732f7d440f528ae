"""How much counters of an application grew between two looks; one that starts anew counts from zero."""

from __future__ import annotations

from collectors.host import Host

LATELY_SECONDS = 60.0
SETTLE_SECONDS = 5.0
"""A look again at once, to confirm the first, must see the same growth."""


def grew(host: Host, name: str, now: float) -> float:
    """Since the look before, at least some seconds ago; 0 at the first."""
    seen: dict[str, list[tuple[float, float]]] = host.memory.setdefault("counters", {})
    looks = seen.setdefault(name, [])
    looks.append((host.ticks(), now))
    while len(looks) > 2 and looks[-1][0] - looks[1][0] >= SETTLE_SECONDS:
        looks.pop(0)
    before = looks[0][1]
    return now - before if now >= before else now


def rate(host: Host, name: str, now: float) -> float | None:
    """Per second since the look before; None at the first."""
    growth = grew(host, name, now)
    looks: list[tuple[float, float]] = host.memory["counters"][name]
    seconds = looks[-1][0] - looks[0][0]
    return growth / seconds if seconds > 0 else None


def lately(host: Host, name: str, now: float, least: float = 1.0) -> bool:
    """Whether it grew by so much between two looks of the last minute."""
    last: dict[str, float] = host.memory.setdefault("grown at", {})
    if grew(host, name, now) >= least:
        last[name] = host.ticks()
    return host.ticks() - last.get(name, float("-inf")) <= LATELY_SECONDS
