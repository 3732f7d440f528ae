"""What stands now, as the stages share it: evidence, what could not be checked, since when it fails."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Protocol

import msgspec

from rules.diagnosis import Diagnosis, Key
from rules.evidence import Evidence
from rules.models import Role
from server.diagnosis.closed import Closed
from server.diagnosis.context import Context
from server.diagnosis.suspected import Suspected
from server.entry import Entry
from wire.entity import Entity, host_of, name_of
from wire.judgement import Reason, Verdict

SERVER = "rootward"
"""The observer's name of the server itself."""
COMES_BACK = 30.0
"""Seconds, two rounds, for which what has come and gone must pass before it proves anything."""


class Inferring(Protocol):
    """What the stages need of the engine."""

    def update(self, evidence: Evidence) -> None: ...

    def confirm(self, evidence: Evidence) -> None: ...

    def remove(self, key: Key) -> None: ...

    def graph_changed(self) -> None: ...

    def infer(self, now: float) -> list[Diagnosis]: ...


class Proven(msgspec.Struct, frozen=True):
    """A symptom that only a log told, refuted by a look."""

    by: str
    """Observation id of the look."""
    at: float
    look: Entry | None = None
    """The look itself: a later one of the same key takes its place among what stands."""


class Standing:
    """The latest evidence by key, kept in step with the engine."""

    def __init__(self, engine: Inferring, log_born: frozenset[str]) -> None:
        """``log_born``: names of the signals whose looks never pass by themselves."""
        self._engine = engine
        self.log_born = log_born
        self.evidence: dict[Key, Evidence] = {}
        self.entries: dict[Key, Entry] = {}
        self.by_id: dict[str, Entry] = {}
        self.seen_by: dict[str, dict[str, None]] = {}
        """Entity → observers some look of whom exercised it, once at least; the first comes first."""
        self.unknown: dict[Key, Entry] = {}
        self.failing: dict[Key, float] = {}
        """Symptoms that stand, with the moment at which the server learnt of each; the first comes first."""
        self.restored_at = float("-inf")
        """What was learnt up to then had been told before this server started."""
        self.suspected = Suspected()
        self.failing_lines: dict[Key, None] = {}
        """Those of them that a log told."""
        self.failing_once: dict[Key, None] = {}
        """Those of them at which nobody looks again by himself."""
        self.intermittent: dict[Key, None] = {}
        """Looks that come and go, whatever they say now."""
        self.proven: dict[Key, Proven] = {}
        self.closed = Closed()
        self._aside: dict[Key, float] = {}
        """Symptoms that are accounted for → when their run began."""
        self.by_signal: dict[tuple[str, str], set[str]] = {}
        """(observer, signal) → subjects with evidence."""
        self.silent: set[str] = set()
        """Hosts whose agent is overdue or has said goodbye: what they said last is not fresh."""
        self.hushed: dict[str, float] = {}
        """Host → when it was asked something to which no answer came; gone once it is heard again."""
        self.goodbyes: dict[str, str] = {}
        """Host → kind of its clean stop."""
        self.back: dict[str, float] = {}
        """Host → when it was heard again after the whole machine had said goodbye."""
        self.many_silent = False
        """A third of all agents fell silent together: perhaps it is the server that is cut off."""
        self._latest_onset = float("-inf")
        self._own_looks = 0
        self.failing_revision = 0
        """Rises when a symptom comes or goes."""
        self.revision = 0
        """Rises with each change that inference must see."""
        self.context = Context()

    def put(self, evidence: Evidence, entry: Entry, now: float) -> None:
        """The latest result of a key; a pass ends the symptom."""
        key = evidence.key
        if evidence.outcome is not Reason.OK and self._aside.get(key) == evidence.since:
            return
        self._aside.pop(key, None)
        known = self.evidence.get(key)
        if known is not None and known.id != evidence.id:
            self.by_id.pop(known.id, None)
        self.evidence[key] = evidence
        self.entries[key] = self.by_id[evidence.id] = entry
        if known is None:
            self.by_signal.setdefault(key[:2], set()).add(key[2])
        if known is None or known.exercised != evidence.exercised:
            for _, entity in evidence.exercised:
                self.seen_by.setdefault(entity, {})[key[0]] = None
        if evidence.intermittent:
            self.intermittent[key] = None
        else:
            self.intermittent.pop(key, None)
        if evidence.outcome is Reason.OK:
            self._passes(key)
        else:
            if key not in self.failing:
                self.failing_revision += 1
                self.failing[key] = now
            self._latest_onset = max(self._latest_onset, evidence.since)
            self.suspected.put(key, evidence.exercised)
            self.proven.pop(key, None)
            if key[1] in self.log_born:
                self.failing_lines[key] = None
            if _lasts(entry):
                self.failing_once.pop(key, None)
            else:
                self.failing_once[key] = None
        if known != evidence:
            self._engine.update(evidence)
            self.revision += 1

    def confirm(self, known: Evidence, entry: Entry) -> None:
        """What stands was seen again, and nothing else is new."""
        fresh = msgspec.structs.replace(known, confirmed_at=entry.confirmed_at, clock_error=entry.clock_error)
        key = fresh.key
        self.evidence[key] = fresh
        self.entries[key] = self.by_id[fresh.id] = entry
        self._engine.confirm(fresh)
        self.revision += 1

    def fails_at_times(self, look: Evidence, now: float) -> bool:
        """It fails, or passes only just now, having come and gone."""
        comes_and_goes = bool(look.intermittent) and now - self.entries[look.key].since < COMES_BACK
        return look.outcome is not Reason.OK or comes_and_goes

    def goes_on(self, key: Key) -> bool:
        """Does this look fail plainly, each time that it is taken, and is taken still?"""
        evidence, entry = self.evidence[key], self.entries[key]
        plain = entry.observation.verdict is Verdict.FAIL and not evidence.intermittent
        looked_at = key not in self.failing_lines and self.lasting(key) and key not in self.unknown
        return plain and looked_at and evidence.confirmed and key[0] not in self.silent

    def insist(self, key: Key, now: float) -> None:
        """It has failed for so long that it is not by chance."""
        evidence = self.evidence[key]
        if not evidence.lasted:
            self.put(msgspec.structs.replace(evidence, lasted=True), self.entries[key], now)

    def number_own(self, at: float) -> int:
        """Of the server's next look of its own. Rises over restarts too, because it begins at the clock."""
        self._own_looks = max(self._own_looks + 1, int(at * 1000))
        return self._own_looks

    def remove(self, key: Key) -> None:
        """The key is no longer looked at."""
        self._passes(key)
        self.intermittent.pop(key, None)
        self.unknown.pop(key, None)
        gone = self.entries.pop(key, None)
        if gone is not None:
            self.by_id.pop(gone.id, None)
        self.by_signal.get(key[:2], set()).discard(key[2])
        if self.evidence.pop(key, None) is not None:
            self._engine.remove(key)
            self.revision += 1

    def set_aside(self, key: Key) -> None:
        """It is accounted for: until it says something new, it speaks for nothing."""
        evidence = self.evidence.get(key)
        if evidence is not None:
            self.remove(key)
            self._aside[key] = evidence.since

    def _passes(self, key: Key) -> None:
        self.failing_revision += key in self.failing
        self.suspected.drop(key)
        for failing in (self.failing, self.failing_lines, self.failing_once):
            failing.pop(key, None)

    def graph_changed(self) -> None:
        """What leans on what is different now."""
        self._engine.graph_changed()
        self.revision += 1

    def place(self, key: Key) -> str:
        """Name of the host that the look was about; empty where it is not known."""
        evidence = self.evidence.get(key)
        for role, entity in evidence.exercised if evidence is not None else ():
            if role is Role.HOST:
                return name_of(entity)
        return host_of(key[2])

    def told_at(self, key: Key) -> float:
        """When the server learnt that it fails; long ago where that was before it started."""
        learnt = self.failing[key]
        return learnt if learnt > self.restored_at else float("-inf")

    def retired(self, key: Key) -> bool:
        """Nobody looks at it any longer; what only a log told is never looked at."""
        known = key in self.evidence or key in self.unknown or key in self.proven
        return not known and key[1] not in self.log_born

    def lasting(self, key: Key) -> bool:
        """Will it be looked at again by itself? A one-off drill-down test can never pass again."""
        entry = self.entries.get(key)
        return entry is None or _lasts(entry)

    def tells_enough(self, known: Evidence) -> bool:
        """It was seen since all that fails began; to see the same once more would tell nothing.

        A line is refuted by what passes after it, and may be said at any time.
        """
        return not self.failing_lines and known.confirmed_at - known.clock_error > self._latest_onset

    def prove(self, key: Key, by: str, at: float) -> None:
        """A look has refuted what the log said."""
        look = self.told(by)
        self.remove(key)
        self.proven[key] = Proven(by, at, look)

    def told(self, name: str) -> Entry | None:
        """What stands under this observation id, or has refuted what a log said."""
        standing = self.by_id.get(name)
        if standing is not None:
            return standing
        return next((each.look for each in self.proven.values() if each.by == name), None)

    def end(self, keys: Iterable[Key], now: float) -> None:
        """Their matter is closed: what these looks showed until now belongs to it."""
        for key in self.closed.end(keys, now):
            evidence = self.evidence.get(key)
            if evidence is not None and evidence.intermittent and evidence.outcome is Reason.OK:
                self.put(msgspec.structs.replace(evidence, intermittent=()), self.entries[key], now)

    def shaken(self, entities: Collection[Entity], since: float) -> Iterator[Key]:
        """The looks through one of these that failed since then, whether they were counted among its symptoms
        or not.
        """
        observers = {each for entity in entities for each in self.seen_by.get(entity, ())}
        for (observer, signal), subjects in self.by_signal.items():
            for subject in subjects if observer in observers else ():
                key = (observer, signal, subject)
                evidence = self.evidence[key]
                failed = key in self.failing or (evidence.opposite_at or 0.0) >= since
                if failed and any(touched in entities for _, touched in evidence.exercised):
                    yield key

    def fresh_pass(self, key: Key) -> tuple[str, float] | None:
        """Observation id and beginning of the passing run, when the key passes and its observer is alive."""
        proven = self.proven.get(key)
        if proven is not None:
            return (proven.by, proven.at)
        evidence = self.evidence.get(key)
        if evidence is None or evidence.outcome is not Reason.OK or key in self.unknown:
            return None
        return None if key[0] in self.silent else (evidence.id, self.entries[key].since)


def _lasts(entry: Entry) -> bool:
    return not entry.observation.task or bool(entry.observation.round)
