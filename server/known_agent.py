"""All that the server knows of one agent's host: entries by key and round, clock, mark, inventory."""

from __future__ import annotations

import msgspec

from server.clocks import Clock
from server.entry import Entry, Key
from wire.exchange import Digest
from wire.inventory import Inventory
from wire.observation import Observation


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
        self.entries: dict[Key, Entry] = {}
        self._by_round: dict[str, set[Key]] = {}
        self._digest = Digest()
        self._uncounted: dict[Key, Observation | None] = {}
        """Keys that changed since the digest was last asked for, with what the digest holds of them."""
        self._said = str(self._digest)
        for entry in saved.entries:
            self.put(entry.key, entry)
        saved.entries = []

    def save(self) -> Saved:
        """In the order of their keys: equal states have equal bytes, whatever their history."""
        entries = [self.entries[key] for key in sorted(self.entries)]
        return msgspec.structs.replace(self.saved, entries=entries)

    @property
    def digest(self) -> str:
        """Over what stands now; costs only what changed."""
        for key, before in self._uncounted.items():
            if before is not None:
                self._digest.remove(before.signal, before.subject, before.verdict, before.reason)
            entry = self.entries.get(key)
            if entry is not None:
                seen = entry.observation
                self._digest.add(seen.signal, seen.subject, seen.verdict, seen.reason)
        if self._uncounted:
            self._uncounted = {}
            self._said = str(self._digest)
        return self._said

    def put(self, key: Key, entry: Entry) -> Entry | None:
        """Returns what stood there before."""
        old = self.entries.get(key)
        self.entries[key] = entry
        before = None if old is None else old.observation
        self._uncounted.setdefault(key, before)
        name = entry.observation.round
        if before is not None:
            if before.round == name:
                return old
            self._leave_round(key, before)
        if name:
            self._by_round.setdefault(name, set()).add(key)
        return old

    def take(self, key: Key) -> Entry | None:
        old = self.entries.pop(key, None)
        if old is not None:
            self._uncounted.setdefault(key, old.observation)
            self._leave_round(key, old.observation)
        return old

    def confirm(self, round_name: str, at: float) -> None:
        """Every result of this round is as fresh as the round."""
        for key in self._by_round.get(round_name, ()):
            old = self.entries[key]
            if old.confirmed_at < at:
                self.entries[key] = msgspec.structs.replace(old, confirmed_at=at)

    def _leave_round(self, key: Key, seen: Observation) -> None:
        if seen.round:
            self._by_round[seen.round].discard(key)
