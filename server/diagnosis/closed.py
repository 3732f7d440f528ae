"""What belongs to matters that are closed: earlier failures of a look do not count in the next."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from rules.diagnosis import Key
from server.entry import Entry
from wire.judgement import Verdict

MAX_ENDS = 50
MEMORY_OF_RUNS = 90.0
"""Seconds for which an agent counts earlier failing runs of a look (engine rule 7)."""
FAILS = (Verdict.FAIL, Verdict.WARN)


class Closed:
    """Until a look has failed twice since, with a pass between, it does not come and go."""

    def __init__(self) -> None:
        self._at: dict[Key, float] = {}
        """Look → when the last matter that it belonged to was closed."""
        self._failed: dict[Key, float] = {}
        """Look → when it first failed since."""
        self.ends: deque[tuple[float, tuple[Key, ...]]] = deque(maxlen=MAX_ENDS)
        """The same in their order, for a recording."""

    def end(self, keys: Iterable[Key], now: float) -> tuple[Key, ...]:
        """Their matter is closed: what these looks showed until now belongs to it. Returns them."""
        closed = tuple(dict.fromkeys(keys))
        for key in [key for key, at in self._at.items() if at <= now - MEMORY_OF_RUNS]:
            self._forget(key)
        for key in closed:
            self._at[key] = now
            self._failed.pop(key, None)
        self.ends.append((now, closed))
        return closed

    def excuses(self, entry: Entry) -> bool:
        """Are the earlier failing runs of this look those of a matter that is closed?"""
        seen = entry.observation
        key = (entry.host, seen.signal, seen.subject)
        at = self._at.get(key)
        if at is None or entry.confirmed_at >= at + MEMORY_OF_RUNS:
            return False
        if seen.verdict in FAILS and entry.since > at:
            first = self._failed.setdefault(key, entry.since)
            if entry.opposite_at is not None and entry.opposite_at > first:
                self._forget(key)
                return False
        return True

    def _forget(self, key: Key) -> None:
        self._at.pop(key, None)
        self._failed.pop(key, None)
