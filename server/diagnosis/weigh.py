"""Stage 2: turns what the agents said into evidence. Unknown results and log lines have their own rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from itertools import islice

from rules.catalogue import Catalogue
from rules.diagnosis import Key
from rules.evidence import Dated, Evidence, evidence_of, united
from rules.models import Proof, Role, Signal
from rules.topology import Topology
from server.diagnosis.freshness import Freshness
from server.diagnosis.locate import Locate
from server.diagnosis.news import News
from server.diagnosis.standing import SERVER, Standing
from server.diagnosis.turn import Turn
from server.entry import Entry
from wire.entity import host_of, kind_of, name_of
from wire.judgement import Reason, Verdict

ONE_OFF_LASTS = 60.0
CONSIDERED = 40.0
"""Seconds, since the server learnt of it, after which a line would have led to a ticket, if to any."""
SLICE = 1_000
"""Looks whose ways are found anew in one turn, after the picture of the site changed."""


class Weighed(StrEnum):
    SYMPTOM = "symptom"
    PASSED = "passed"
    UNKNOWN = "unknown"
    UNHEARD_OF = "unheard_of"
    UNREADABLE = "unreadable"
    OF_ANOTHER_HOST = "of_another_host"
    """What a host reads of itself can only be about itself."""
    LOG_WENT_QUIET = "log_went_quiet"
    CONTEXT = "context"
    """No evidence; a report may cite it."""
    PROVEN_BY_LOOK = "proven_by_look"
    RETIRED = "retired"
    EXPIRED = "expired"


class Weigh:
    name = "weigh"

    def __init__(
        self,
        catalogue: Catalogue,
        topology: Topology,
        standing: Standing,
        locate: Locate,
        current: Callable[[str], Iterable[Entry]],
        *,
        watched: Callable[[Key], bool],
    ) -> None:
        """``current`` tells what stands now of one host; ``watched``, whether an open ticket waits for it."""
        self._signals = catalogue.signals
        self._topology = topology
        self._standing = standing
        self._locate = locate
        self._watched = watched
        self._seen_revision = 0
        self._freshness = Freshness(standing, topology.graph, current)
        self._news = News(standing.log_born)
        self._outdated: dict[Key, None] = {}
        """Evidence whose ways were found in an older picture of the site."""

    @property
    def waiting(self) -> int:
        """What was said and is not weighed yet."""
        return len(self._news)

    def run(self, turn: Turn) -> None:
        for applied in turn.arrived:
            for entry in applied.changed:
                overtaken = self._news.add(entry)
                if overtaken is not None:
                    self._take(overtaken, turn)
            for entry in applied.retired:
                pending = self._news.pop(_key(entry))
                if pending is not None:
                    self._take(pending, turn)
                turn.decide(self.name, self._retire(entry), entry.id)
        for entry in self._news.take(self._standing):
            self._take(entry, turn)
        self._draw_again(turn.now)
        if self._standing.failing:
            self._catch_up(turn)
            self._expire(turn)

    def _take(self, entry: Entry, turn: Turn) -> None:
        if self._tells_nothing_new(entry):
            return
        reason = self._weigh(entry, turn.now)
        if reason is not Weighed.PASSED:
            turn.decide(self.name, reason, entry.id)

    def _tells_nothing_new(self, entry: Entry) -> bool:
        """After an overrun the whole state of a host is told again."""
        key = _key(entry)
        known = self._standing.entries.get(key)
        return known is not None and key not in self._standing.unknown and entry.continues(known)

    def _weigh(self, entry: Entry, now: float) -> Weighed:
        seen, key = entry.observation, _key(entry)
        signal = self._signals.get(seen.signal)
        if signal is None:
            return Weighed.UNHEARD_OF
        if Role.PATH not in signal.exercises and host_of(seen.subject) not in {"", entry.host}:
            return Weighed.OF_ANOTHER_HOST
        if seen.verdict is Verdict.UNKNOWN:
            # The last known result stands: not being able to look has refuted nothing.
            self._standing.unknown[key] = entry
            return Weighed.UNKNOWN
        self._standing.unknown.pop(key, None)
        if signal.born_of_log and seen.verdict is Verdict.PASS:
            return Weighed.LOG_WENT_QUIET
        if signal.context:
            self._standing.context.hear(entry)
            return Weighed.CONTEXT
        try:
            evidence = self._evidence(entry, signal)
        except ValueError:
            # A subject such as endpoint:http://[ is a word that the wire allows and nobody can read.
            return Weighed.UNREADABLE
        self._standing.put(evidence, entry, now)
        return Weighed.PASSED if seen.verdict is Verdict.PASS else Weighed.SYMPTOM

    def _retire(self, entry: Entry) -> Weighed:
        signal = self._signals.get(entry.observation.signal)
        if signal is not None and signal.born_of_log:
            # An agent that started anew remembers no lines; that proves nothing.
            return Weighed.LOG_WENT_QUIET
        self._standing.remove(_key(entry))
        return Weighed.RETIRED

    def _draw_again(self, now: float) -> None:
        """After a change of the picture: what fails at once, the rest a slice per turn."""
        if self._locate.revision != self._seen_revision:
            self._seen_revision = self._locate.revision
            self._standing.graph_changed()
            self._outdated = dict.fromkeys([*self._standing.failing, *self._standing.evidence])
        for key in list(islice(self._outdated, max(SLICE, len(self._standing.failing)))):
            del self._outdated[key]
            entry = self._standing.entries.get(key)
            if entry is not None and entry.host != SERVER:
                evidence = self._evidence(entry, self._signals[key[1]])
                if evidence.exercised != self._standing.evidence[key].exercised:
                    self._standing.put(evidence, entry, now)

    def _catch_up(self, turn: Turn) -> None:
        for entry in list(self._freshness.confirmed(turn.now)):
            known = self._standing.evidence[_key(entry)]
            if known.id == entry.id:
                self._standing.confirm(known, entry)
            else:
                self._weigh(entry, turn.now)
        for key in list(self._standing.failing_lines):
            if self._refuted(key, turn.now):
                turn.decide(self.name, Weighed.PROVEN_BY_LOOK, " ".join(key))

    def _expire(self, turn: Turn) -> None:
        """A one-off look of a drill-down says nothing about later; it is asked again if it matters."""
        for key in list(self._standing.failing_once):
            if self._standing.evidence[key].confirmed_at < turn.now - ONE_OFF_LASTS:
                self._standing.remove(key)
                turn.decide(self.name, Weighed.EXPIRED, " ".join(key))

    def _evidence(self, entry: Entry, signal: Signal) -> Evidence:
        seen = entry.observation
        failed = seen.verdict is not Verdict.PASS
        exercised = self._topology.exercised(entry.host, signal, seen.subject, seen.path)
        known = self._standing.evidence.get(_key(entry))
        if failed and known is not None:
            # What broke may have taken the knowledge of the way with it: the way as it was still counts.
            exercised = united(exercised, known.exercised)
        ended = self._standing.closed.excuses(entry)
        began = entry.since if ended else self._began(entry, signal, known)
        dated = Dated(began, entry.confirmed_at, entry.opposite_at, entry.clock_error)
        share = self._topology.shares(entry.host, seen.subject, seen.path)
        return evidence_of(entry.host, seen, dated, exercised, share=share, ended=ended, known=known)

    @staticmethod
    def _began(entry: Entry, signal: Signal, known: Evidence | None) -> float:
        """A line ends no run of its own: one that comes after the proof of repair begins a new episode.

        What comes and goes is one spell, which began when it first failed: what passed since speaks against
        all that would be steady.
        """
        if signal.born_of_log:
            return entry.confirmed_at if known is None else known.since
        if known is None or not entry.observation.intermittent:
            return entry.since
        if known.intermittent:
            return min(known.since, entry.since)
        failed = known.opposite_at if known.outcome is Reason.OK else known.since
        return entry.since if failed is None else min(failed, entry.since)

    def _refuted(self, key: Key, now: float) -> bool:
        """By a pass later than the line; one page of several that still fails, if only at times, lets none.

        That something has happened nothing refutes, until its ticket is open or it would have led to one.
        """
        symptom = self._standing.evidence[key]
        looks = list(proofs_of(symptom, self._signals, self._standing))
        if any(self._standing.fails_at_times(look, now) for look in looks):
            return False
        later = [look for look in looks if look.confirmed_at > symptom.confirmed_at]
        if not later:
            return False
        lately = now < max(symptom.confirmed_at, self._standing.told_at(key)) + CONSIDERED
        if lately and self._signals[key[1]].event and not self._watched(key):
            return False
        best = max(later, key=lambda look: (look.confirmed_at, look.id))
        self._standing.prove(key, best.id, max(best.since, symptom.confirmed_at))
        return True


def _key(entry: Entry) -> Key:
    return (entry.host, entry.observation.signal, entry.observation.subject)


def proofs_of(symptom: Evidence, signals: Mapping[str, Signal], standing: Standing) -> Iterator[Evidence]:
    """The looks that can refute a line: by whoever read it; over the network also by others."""
    for proof in signals[symptom.signal].proof:
        observers = {symptom.observer}
        if Role.PATH in signals[proof.signal].exercises:
            observers |= standing.seen_by.get(symptom.subject, {}).keys()
        for observer in sorted(observers):
            for subject in sorted(standing.by_signal.get((observer, proof.signal), ())):
                look = standing.evidence[(observer, proof.signal, subject)]
                if is_about(proof, symptom, look) and not (proof.anew and _as_before(symptom, look)):
                    yield look


def _as_before(symptom: Evidence, look: Evidence) -> bool:
    return look.outcome is Reason.OK and look.since <= symptom.confirmed_at


def is_about(proof: Proof, symptom: Evidence, look: Evidence) -> bool:
    """Is the look about what the line was about? A process and its service share their name."""
    if proof.on == "host":
        return look.subject == f"host:{host_of(symptom.subject) or symptom.observer}"
    same_name = kind_of(look.subject) != "host" and name_of(look.subject) == name_of(symptom.subject)
    return same_name or not _selves(symptom).isdisjoint(_selves(look))


def _selves(evidence: Evidence) -> set[str]:
    return {entity for role, entity in evidence.exercised if role is Role.SELF} | {evidence.subject}
