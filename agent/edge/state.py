"""What this host knows of itself now: the last result of each key, and what of it is news."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from agent.edge.history import Run, intermittent, last_opposite, remember
from wire.exchange import Digest
from wire.judgement import Judgement, Reason, Verdict
from wire.observation import Observation

Key = tuple[str, str]
"""(signal, subject)"""
MAX_ENTRIES = 4_500
"""A whole state must fit into one batch."""
UNNUMBERED = 0
"""Whoever sends it gives it its number."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A judgement with its date and where it came from."""

    judgement: Judgement
    at: float
    source: str
    """What looked: unit, and target where it has one. It looks again, or the subject is retired."""
    round: str = ""
    confirmed: bool = False
    task: str = ""
    occurrence: bool = False
    """Log-born: each one is told, none passes."""


class Entry(msgspec.Struct, kw_only=True):
    """The standing result of one key. ``judgement`` is the latest, told or not."""

    judgement: Judgement
    at: float
    since: float
    source: str
    confirmed: bool = False
    intermittent: tuple[Reason, ...] = ()
    round: str = ""
    task: str = ""
    runs: list[Run] = []

    @property
    def key(self) -> Key:
        return (self.judgement.signal, self.judgement.subject)

    def told(self, task: str = "") -> Observation:
        """As it stands, unnumbered; ``task``: the one that asks for it."""
        judgement = self.judgement
        return Observation(
            seq=UNNUMBERED,
            signal=judgement.signal,
            subject=judgement.subject,
            verdict=judgement.verdict,
            reason=judgement.reason,
            at=self.at,
            since=min(self.since, self.at),
            opposite_at=last_opposite(self.runs, judgement.verdict),
            value=judgement.value,
            evidence=judgement.evidence,
            path=judgement.path,
            confirmed=self.confirmed,
            intermittent=self.intermittent,
            round=self.round,
            task=task,
        )


class News(NamedTuple):
    """Something to tell the server."""

    observation: Observation
    """Unnumbered."""
    repeat: bool
    """Nothing is lost with it: the server knows it already."""


class EdgeState:
    """Keeps the digest entry by entry. Not thread-safe: the outbox holds the lock."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._entries: OrderedDict[Key, Entry] = OrderedDict()
        self.digest = Digest()
        for entry in entries:
            self._entries[entry.key] = entry
            self._count(entry.judgement)

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def get(self, key: Key) -> Entry | None:
        return self._entries.get(key)

    def apply(self, finding: Finding) -> list[News]:
        """Take in one result; returns what is news, the retirement of what had to make room included."""
        judgement = finding.judgement
        entry = self._entries.get((judgement.signal, judgement.subject))
        told: list[News] = []
        if entry is None:
            told += self._make_room()
            entry = self._begin(finding)
            news, repeat = True, False
        else:
            news, repeat = self._continue(entry, finding)
        if news or finding.task:
            told.append(News(entry.told(finding.task), repeat or not news))
        return told

    def retire(self, entry: Entry, at: float) -> News:
        """The subject is no longer looked at."""
        del self._entries[entry.key]
        self._discount(entry.judgement)
        gone = msgspec.structs.replace(entry.told(), at=max(at, entry.at), retired=True)
        return News(gone, repeat=False)

    def discard(self, key: Key) -> None:
        """Drop what cannot be told."""
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._discount(entry.judgement)

    def restore(self, observation: Observation) -> None:
        """What was told after the state was last saved; the spool still has it."""
        key = (observation.signal, observation.subject)
        entry = self._entries.get(key)
        self.discard(key)
        if observation.retired:
            return
        entry = Entry(
            judgement=_judgement(observation),
            at=observation.at,
            since=observation.since,
            source=entry.source if entry else "",
            confirmed=observation.confirmed,
            intermittent=observation.intermittent,
            round=observation.round,
            runs=entry.runs if entry else [],
        )
        remember(entry.runs, observation.verdict, observation.reason, observation.at)
        self._entries[key] = entry
        self._count(entry.judgement)

    def whole(self) -> list[Observation]:
        """Of every key what stands, unnumbered."""
        return [entry.told() for entry in self]

    def _begin(self, finding: Finding) -> Entry:
        judgement = finding.judgement
        entry = Entry(
            judgement=judgement,
            at=finding.at,
            since=finding.at,
            source=finding.source,
            confirmed=finding.confirmed,
            round=finding.round,
            task=finding.task,
        )
        remember(entry.runs, judgement.verdict, judgement.reason, finding.at)
        self._entries[entry.key] = entry
        self._count(judgement)
        return entry

    def _continue(self, entry: Entry, finding: Finding) -> tuple[bool, bool]:
        """Whether it is news, and whether that news only repeats."""
        before, now = entry.judgement, finding.judgement
        same = (before.verdict, before.reason) == (now.verdict, now.reason)
        if not same:
            self._discount(before)
            self._count(now)
            entry.since = finding.at
        remember(entry.runs, now.verdict, now.reason, finding.at)
        flapping = intermittent(entry.runs, finding.at)
        failing = now.verdict in {Verdict.WARN, Verdict.FAIL}
        confirmed = failing and (finding.confirmed or (same and not finding.occurrence))
        news = not same or bool(flapping) != bool(entry.intermittent) or (confirmed and not entry.confirmed)
        moved = bool(finding.round) and finding.round != entry.round
        entry.judgement, entry.at, entry.source = now, finding.at, finding.source
        entry.intermittent, entry.confirmed = flapping, confirmed
        entry.round = finding.round or entry.round
        entry.task = "" if finding.round else entry.task or finding.task
        if finding.occurrence:
            self._entries.move_to_end(entry.key)
            return True, same
        return news or moved, moved and not news

    def _make_room(self) -> list[News]:
        """The oldest occurrence goes first; a bounded state is what one batch can carry."""
        if len(self._entries) < MAX_ENTRIES:
            return []
        oldest = next((entry for entry in self if not entry.round), None) or next(iter(self))
        return [self.retire(oldest, oldest.at)]

    def _count(self, judgement: Judgement) -> None:
        self.digest.add(judgement.signal, judgement.subject, judgement.verdict, judgement.reason)

    def _discount(self, judgement: Judgement) -> None:
        self.digest.remove(judgement.signal, judgement.subject, judgement.verdict, judgement.reason)


def _judgement(observation: Observation) -> Judgement:
    return Judgement(
        signal=observation.signal,
        subject=observation.subject,
        verdict=observation.verdict,
        reason=observation.reason,
        value=observation.value,
        evidence=observation.evidence,
        path=observation.path,
    )
