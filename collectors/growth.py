"""How much counters rose lately: what counts since a part was made says little, what it adds says much."""

from __future__ import annotations

from collections.abc import Mapping

from collectors.host import Host

KEY = "growth"
DAY = 86_400.0
THINGS, COUNTERS = 512, 64
Marks = dict[str, list[float]]
"""Counter → its value one window ago at least, at the last mark, and when that mark was made."""


def grown(host: Host, thing: str, counters: Mapping[str, int], window: float = DAY) -> dict[str, int]:
    """The rise of each counter within the last one to two windows (seconds); 0 at first sight and after
    a reset.

    Kept over restarts. ``thing`` is best a serial number: a replaced part begins anew.
    """
    things: dict[str, Marks] = host.remembered.setdefault(KEY, {})
    if thing not in things and len(things) >= THINGS:
        things.pop(next(iter(things)))
    marks = things.setdefault(thing, {})
    now = host.clock()
    rises: dict[str, int] = {}
    for name, value in list(counters.items())[:COUNTERS]:
        before, marked, at = marks.get(name, (value, value, now))
        if value < marked:
            before, marked, at = value, value, now
        elif now - at >= window or now < at:
            before, marked, at = marked, value, now
        marks[name] = [before, marked, at]
        rises[name] = int(value - before)
    return rises
