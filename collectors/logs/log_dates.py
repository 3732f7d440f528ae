"""How long ago was a line written that is read late: after a pause of the agent, or of the writer's disk?"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
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
ANOTHER_DAY = 15 * 3600.0
"""Seconds. What is older by its date is so in every time zone: an old file was put back, or copied."""
DATE = re.compile(rb"(?<!\d)(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d):(\d\d):(\d\d)")
STAMP = re.compile(rb"(?<!\d)\d\d:([0-5]\d):([0-5]\d(?:[.,]\d{1,9})?)")


def just_now(_block: bytes, _start: int) -> float:
    return 0.0


def written_within(seconds: float, now: float) -> Ages:
    """Of a file, by the stamps of its lines. ``seconds``: how long ago the oldest may have been written.

    No time zone is guessed, and a date is believed only where it is another day's in all of them. A stamp
    that does not lie within is no stamp; a line without one was written just now. ``now`` in seconds since
    the epoch.
    """
    return partial(_age, seconds if LATE < seconds < QUARTER - LATE else 0.0, now)


def written_at(starts: Sequence[int], dates: Sequence[float], now: float) -> Ages:
    """Of a source that dates its lines. ``dates`` of those that begin at ``starts``, by ``now``'s clock."""

    def age(_block: bytes, start: int) -> float:
        return max(0.0, now - dates[bisect_right(starts, start) - 1])

    return age


def _age(seconds: float, now: float, block: bytes, start: int) -> float:
    end = block.find(b"\n", start, start + FAR)
    head = block[start : end if end >= 0 else start + FAR]
    days = _by_date(now, head)
    return days if days > ANOTHER_DAY else _by_stamp(seconds, now, head)


def _by_date(now: float, head: bytes) -> float:
    """As if it were of UTC; 0 without a date."""
    date = DATE.search(head)
    if date is None:
        return 0.0
    year, month, day, hour, minute, second = map(int, date.groups())
    try:
        return now - datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()
    except (ValueError, OverflowError):
        return 0.0


def _by_stamp(seconds: float, now: float, head: bytes) -> float:
    stamp = STAMP.search(head) if seconds else None
    if stamp is None:
        return 0.0
    minute, second = int(stamp[1]), float(stamp[2].replace(b",", b"."))
    age = (now - (minute * 60 + second)) % QUARTER
    return min(age, seconds) if age < seconds + ROUNDING else 0.0
