"""What hosts said lately that is no evidence, and that a report cites if it came shortly before the onset."""

from __future__ import annotations

from collections import deque

from rules.diagnosis import Diagnosis
from server.entry import Entry
from wire.entity import host_of, kind_of, name_of

KEPT = 2_000
BEFORE = 600.0
"""Seconds before the onset."""
AFTER = 30.0
"""Seconds after it: a line may be noticed later than what it led to."""
NAMED_AT_MOST = 5


class Context:
    """The last of it from all hosts, in the order in which it came."""

    def __init__(self) -> None:
        self._said: deque[Entry] = deque()
        self.by_id: dict[str, Entry] = {}

    def hear(self, entry: Entry) -> None:
        if entry.id in self.by_id:
            return
        self._said.append(entry)
        self.by_id[entry.id] = entry
        if len(self._said) > KEPT:
            del self.by_id[self._said.popleft().id]

    def of(self, diagnosis: Diagnosis) -> tuple[str, ...]:
        """Ids of what the hosts of the root or of its class said, what is about the root itself first."""
        roots = {each.entity for each in (diagnosis.root, *diagnosis.members)} | {diagnosis.entity}
        hosts = {name_of(each) if kind_of(each) == "host" else host_of(each) for each in roots} - {""}
        found = [
            entry
            for entry in self._said
            if entry.host in hosts and -BEFORE <= entry.confirmed_at - diagnosis.onset <= AFTER
        ]
        found.sort(key=lambda entry: (entry.observation.subject not in roots, entry.confirmed_at, entry.id))
        return tuple(entry.id for entry in found[:NAMED_AT_MOST])
