"""Stage 4: asks the engine for the roots, whenever there is something to explain."""

from __future__ import annotations

from enum import StrEnum
from itertools import islice, takewhile

import msgspec

from rules.catalogue import Catalogue
from rules.diagnosis import Diagnosis, Unchecked
from server.desk.scope import hosts_along
from server.diagnosis.standing import SERVER, Inferring, Standing
from server.diagnosis.turn import Turn
from wire.entity import host_of

EVERY = 2.0
"""Seconds after which the same evidence is judged again: freshness fades."""
RARELY = 10.0
"""The same in a storm that does not grow, or that is very large."""
LARGE = 2_500
"""A storm that grows is judged again after a second for each so many symptoms."""
FEW = 50
PER_SECOND = 100
"""Beyond a few symptoms, evidence waits a second for each so many, up to those times."""
MAX_UNCHECKED = 40
MAX_HOSTS = 5_000
"""Of a storm; those of the root and of what follows from it come first."""
LASTING = 45.0
"""Seconds for which what fails on and on, and nothing explains, is taken for chance: three rounds."""
ONLY_FROM_HERE = "seen from the server only; no other host looks there"


class Inferred(StrEnum):
    NOTHING_FAILS = "nothing_fails"
    NOTHING_NEW = "nothing_new"
    EXPLAINED = "explained"
    UNEXPLAINED = "unexplained"


class Infer:
    name = "infer"

    def __init__(self, engine: Inferring, catalogue: Catalogue, standing: Standing) -> None:
        self._engine = engine
        self._catalogue = catalogue
        self._standing = standing
        self._revision = self._symptoms = -1
        self._at = 0.0
        self._latest: list[Diagnosis] = []
        self._said: tuple[Inferred, int] = (Inferred.NOTHING_FAILS, 0)
        self.unanswered: dict[str, tuple[Unchecked, float]] = {}
        """Drill-down tests that were refused or not answered, with the time; the report says so."""

    def run(self, turn: Turn) -> None:
        turn.diagnoses, reason = self._infer(turn.now)
        said = (reason, len(turn.diagnoses))
        if reason is not Inferred.NOTHING_NEW and said != self._said:
            self._said = said
            turn.decide(self.name, reason, f"{len(turn.diagnoses)} roots")

    def _infer(self, now: float) -> tuple[list[Diagnosis], Inferred]:
        if not self._standing.failing:
            self._latest, self._revision = [], -1
            return [], Inferred.NOTHING_FAILS
        news = self._revision != self._standing.revision
        if 0 <= now - self._at < (self._patience() if news else EVERY):
            return list(self._latest), Inferred.NOTHING_NEW
        self._revision, self._at = self._standing.revision, now
        self._symptoms = self._standing.failing_revision
        self._latest = [self._with_unchecked(each) for each in self._engine.infer(now)]
        self._insist(now)
        return list(self._latest), Inferred.EXPLAINED if self._latest else Inferred.UNEXPLAINED

    def _insist(self, now: float) -> None:
        """What goes on to fail wants an explanation, if only that it is of no known kind."""
        learnt = self._standing.failing.items()  # in the order in which they were
        old = [key for key, _ in takewhile(lambda one: now - one[1] >= LASTING, learnt)]
        if not old:
            return
        explained = {each for diagnosis in self._latest for each in diagnosis.explains}
        for key in old:
            if key not in explained and self._standing.goes_on(key):
                self._standing.insist(key, now)

    def _patience(self) -> float:
        """Seconds: a storm still grows; and how fresh its passes are tells little."""
        many = len(self._standing.failing)
        grows = self._symptoms != self._standing.failing_revision
        longest = max(EVERY, many / LARGE) if grows else RARELY
        return min(longest, RARELY, max(0, many - FEW) / PER_SECOND)

    def _with_unchecked(self, diagnosis: Diagnosis) -> Diagnosis:
        """Adds the looks at its hosts that could have spoken for or against it, and could not be taken."""
        nothing = not self._standing.unknown and not self.unanswered
        along = () if nothing else hosts_along(diagnosis, self._standing.place)
        hosts = set(islice(along, MAX_HOSTS))
        wanted = self._telling_signals(diagnosis)
        missed = [
            Unchecked(signal=signal, subject=subject, why=entry.observation.reason.value)
            for (observer, signal, subject), entry in sorted(self._standing.unknown.items())
            if signal in wanted and (observer in hosts or host_of(subject) in hosts)
        ]
        missed += [
            unchecked for unchecked, _ in self.unanswered.values() if host_of(unchecked.subject) in hosts
        ]
        if all(observer == SERVER for observer, _, _ in diagnosis.explains):
            missed.append(Unchecked(signal="net.icmp", subject=diagnosis.entity, why=ONLY_FROM_HERE))
        everything = tuple(dict.fromkeys((*diagnosis.unchecked, *missed)))
        return msgspec.structs.replace(diagnosis, unchecked=everything[:MAX_UNCHECKED])

    def _telling_signals(self, diagnosis: Diagnosis) -> set[str]:
        names = {each.fault for each in (diagnosis.root, *diagnosis.members, *diagnosis.hypotheses)}
        faults = [self._catalogue.faults[name] for name in names if name in self._catalogue.faults]
        return {symptom.signal for fault in faults for symptom in fault.symptoms} | {
            test.check for fault in faults for test in fault.confirm
        }
