"""How much counters rose lately: what counts since a part was made says little, what it adds says much."""

from __future__ import annotations

from collections.abc import Mapping

from collectors.host import Host

KEY = "growth "
DAY = 86_400.0
THINGS, COUNTERS = 512, 64
Marks = dict[str, list[float]]
"""Counter → its value one window ago at least, at the last mark, and when that mark was made."""


def grown(host: Host, thing: str, counters: Mapping[str, int], window: float = DAY) -> dict[str, int]:
    """The rise of each counter within the last one to two windows (seconds); 0 at first sight and after
    a reset.

    Kept over restarts. ``thing`` is best a serial number: a replaced part begins anew.
    """
    key = f"{KEY}{thing}"[:256]
    before: Marks = host.remembered.get(key, {})
    now = host.clock()
    marks: Marks = {}
    rises: dict[str, int] = {}
    for name, value in list(counters.items())[:COUNTERS]:
        old, marked, at = before.get(name, (value, value, now))
        if value < marked:
            old, marked, at = value, value, now
        elif now - at >= window or now < at:
            old, marked, at = marked, value, now
        marks[name] = [old, marked, at]
        rises[name] = int(value - old)
    if key not in host.remembered:
        _make_room(host)
    host.remembered[key] = marks
    return rises


def _make_room(host: Host) -> None:
    """Names come from devices, and those of a bad one may change at each look."""
    known = [key for key in host.remembered if key.startswith(KEY)]
    for key in known[: max(0, len(known) - THINGS + 1)]:
        del host.remembered[key]
