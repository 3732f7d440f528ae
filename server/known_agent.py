"""All that the server knows of one agent's host: entries by key and round, clock, mark, inventory."""

from __future__ import annotations

import msgspec

from server.clocks import Clock
from server.entry import Entry, Key
from wire.exchange import Digest
from wire.inventory import Inventory
from wire.observation import Observation

MOST_ROUNDS = 64
"""Names that are remembered of one agent: it has a handful, unless it means harm."""


class Saved(msgspec.Struct, kw_only=True):
    """What a checkpoint holds of one agent."""

    agent: str
    host: str
    mark: int = 0
    """The highest sequence applied."""
    boot: str = ""
    sent_at: float = 0.0
    last_heard: float = 0.0
    interval: float = 10.0
    goodbye: str = ""
    clock: Clock = msgspec.field(default_factory=Clock)
    inventory: Inventory | None = None
    inventory_digest: str = ""
    dropped: int = 0
    entries: list[Entry] = []
    """Filled for the checkpoint only; alive they are kept by key."""


class KnownAgent:
    """One agent, alive in memory. Only the applying thread changes it."""

    def __init__(self, saved: Saved) -> None:
        self.saved = saved
        self._entries: dict[Key, Entry] = {}
        self._rounds: dict[str, float] = {}
        """Round → when it was last gone through: what it showed until then is as fresh as that."""
        self._digest = Digest()
        self._uncounted: dict[Key, Observation | None] = {}
        """Keys that changed since the digest was last asked for, with what the digest holds of them."""
        self._said = str(self._digest)
        for entry in saved.entries:
            self.put(entry.key, entry)
        saved.entries = []

    def save(self) -> Saved:
        """In the order of their keys: equal states have equal bytes, whatever their history."""
        entries = [self._fresh(self._entries[key]) for key in sorted(self._entries)]
        return msgspec.structs.replace(self.saved, entries=entries)

    @property
    def keys(self) -> set[Key]:
        """Of what stands now."""
        return set(self._entries)

    def standing(self) -> list[Entry]:
        """What stands now. Any thread may ask."""
        return [self._fresh(entry) for entry in list(self._entries.values())]

    def get(self, key: Key) -> Entry | None:
        entry = self._entries.get(key)
        return None if entry is None else self._fresh(entry)

    @property
    def digest(self) -> str:
        """Over what stands now; costs only what changed."""
        for key, before in self._uncounted.items():
            if before is not None:
                self._digest.remove(before.signal, before.subject, before.verdict, before.reason)
            entry = self._entries.get(key)
            if entry is not None:
                seen = entry.observation
                self._digest.add(seen.signal, seen.subject, seen.verdict, seen.reason)
        if self._uncounted:
            self._uncounted = {}
            self._said = str(self._digest)
        return self._said

    def put(self, key: Key, entry: Entry) -> Entry | None:
        """Returns what stood there before."""
        old = self.get(key)
        name = entry.observation.round
        if entry.confirmed_at < self._rounds.get(name, 0.0):
            self._date()  # it came late: that the round was gone through says nothing of it
        self._entries[key] = entry
        self._uncounted.setdefault(key, None if old is None else old.observation)
        return old

    def take(self, key: Key) -> Entry | None:
        old = self.get(key)
        if old is not None:
            del self._entries[key]
            self._uncounted.setdefault(key, old.observation)
        return old

    def confirm(self, round_name: str, at: float) -> None:
        """Every result of this round is as fresh as the round."""
        if round_name and at > self._rounds.get(round_name, 0.0):
            if len(self._rounds) >= MOST_ROUNDS:
                self._date()
            self._rounds[round_name] = at

    def _fresh(self, entry: Entry) -> Entry:
        at = self._rounds.get(entry.observation.round, 0.0)
        return entry if entry.confirmed_at >= at else msgspec.structs.replace(entry, confirmed_at=at)

    def _date(self) -> None:
        """What stands is dated now, and what comes from now on is as fresh as it says itself."""
        for key, entry in self._entries.items():
            self._entries[key] = self._fresh(entry)
        self._rounds = {}
