"""What agents said since the last turn: of each look its last word; first passes as time allows."""

from __future__ import annotations

from collections.abc import Container, Iterator

from rules.diagnosis import Key
from server.diagnosis.standing import Standing
from server.entry import Entry
from wire.judgement import Verdict

SLICE = 5_000
"""Passes of looks never heard of before that are weighed in one turn; they may wait, a symptom may not."""


class News:
    """The latest entry of each key. A storm that changes its mind costs no more than what it says last."""

    def __init__(self, log_born: Container[str]) -> None:
        """``log_born``: names of the signals whose silence proves nothing."""
        self._log_born = log_born
        self._latest: dict[Key, Entry] = {}
        self._first_passes: dict[Key, Entry] = {}

    def add(self, entry: Entry) -> Entry | None:
        """Returns the earlier entry of the same key where it must be weighed by itself, before this one."""
        seen = entry.observation
        key = (entry.host, seen.signal, seen.subject)
        earlier = self._latest.get(key) or self._first_passes.pop(key, None)
        self._latest[key] = entry
        if earlier is None or earlier.observation.verdict is seen.verdict:
            return None
        # Not being able to look refutes nothing, nor does a log that went quiet.
        speaks = seen.verdict is not Verdict.UNKNOWN and seen.signal not in self._log_born
        return None if speaks else earlier

    def __len__(self) -> int:
        return len(self._latest) + len(self._first_passes)

    def pop(self, key: Key) -> Entry | None:
        self._first_passes.pop(key, None)
        return self._latest.pop(key, None)

    def take(self, standing: Standing) -> Iterator[Entry]:
        """All but the surplus of first passes, which wait for the next turn."""
        latest, self._latest = self._latest, {}
        waiting = self._first_passes
        for key, entry in latest.items():
            if entry.observation.verdict is Verdict.PASS and key not in standing.evidence:
                waiting[key] = entry
            else:
                waiting.pop(key, None)
                yield entry
        for key in list(waiting)[:SLICE]:
            yield waiting.pop(key)
