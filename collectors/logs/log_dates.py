"""How long ago was a line written that is read late: after a pause of the agent, or of the writer's disk?"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import partial

Ages = Callable[[bytes, int], float]
"""From a block and where a line begins in it to the seconds since that line was written."""
QUARTER = 900.0
"""Seconds. Time zones differ by whole quarters of an hour: the minute and second are the same in all."""
LATE = 2.0
"""Seconds: what was written no longer ago than this was written just now."""
ROUNDING = 1.0
"""Most stamps are of whole seconds."""
FAR = 96
"""Bytes of a line in which its stamp begins."""
STAMP = re.compile(rb"(?<!\d)\d\d:([0-5]\d):([0-5]\d(?:[.,]\d{1,9})?)")


def just_now(_block: bytes, _start: int) -> float:
    return 0.0


def written_within(seconds: float, now: float) -> Ages:
    """Of a file, by the stamps of its lines. ``seconds``: how long ago the oldest may have been written.

    No time zone is guessed, no date believed: a stamp that does not lie within is no stamp, and a line
    without one was written just now. ``now`` in seconds since the epoch.
    """
    if not LATE < seconds < QUARTER - LATE:
        return just_now
    return partial(_by_stamp, seconds, now)


def written_at(starts: Sequence[int], dates: Sequence[float], now: float) -> Ages:
    """Of a source that dates its lines. ``dates`` of those that begin at ``starts``, by ``now``'s clock."""

    def age(_block: bytes, start: int) -> float:
        return max(0.0, now - dates[bisect_right(starts, start) - 1])

    return age


def _by_stamp(seconds: float, now: float, block: bytes, start: int) -> float:
    end = block.find(b"\n", start, start + FAR)
    stamp = STAMP.search(block, start, end if end >= 0 else start + FAR)
    if stamp is None:
        return 0.0
    minute, second = int(stamp[1]), float(stamp[2].replace(b",", b"."))
    age = (now - (minute * 60 + second)) % QUARTER
    return min(age, seconds) if age < seconds + ROUNDING else 0.0
