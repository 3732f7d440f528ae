"""Stage 5: asks hosts to run the tests that best separate what is still possible (engine rule 9)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from enum import StrEnum
from typing import Protocol
from uuid import uuid4

import msgspec

from rules.diagnosis import Diagnosis, Hypothesis, Key, RuledOut, Step, Tried, Unchecked
from rules.models import Relation
from rules.topology import Topology
from server.diagnosis.infer import Infer
from server.diagnosis.keys import keys_of
from server.diagnosis.standing import SERVER, Standing
from server.diagnosis.targets import is_local, target_for
from server.diagnosis.turn import Turn
from server.entry import Applied, Entry
from wire import entity as ids
from wire.entity import host_of, kind_of, name_of
from wire.exchange import Task
from wire.target import Target

MAX_TESTS = 24
MAX_PER_ROOT = 6
AGAIN_AFTER = 20.0
"""Seconds after which the same test may be asked again."""
DEADLINE = 6.0
"""Seconds for the way there, the test with its time-out, and the way back."""
TOO_LATE = "no answer in time"
TOLD_BY = 2_000
"""Symptoms by which a round of tests is known to be about a diagnosis."""
MAX_STEPS = 12
MAX_HYPOTHESES = 5
FORGOTTEN_AFTER = 600.0


class Drilled(StrEnum):
    ASKED = "asked"
    ANSWERED = "answered"
    REFUSED = "refused"
    NO_ANSWER = "no_answer"
    NO_TARGET = "no_target"
    NO_VANTAGE = "no_vantage"


class Wanted(Protocol):
    """A test worth running; an empty observer means any vantage."""

    @property
    def check(self) -> str: ...

    @property
    def subject(self) -> str: ...

    @property
    def observer(self) -> str: ...

    @property
    def cost(self) -> float: ...

    @property
    def gain(self) -> float: ...


class _Round(msgspec.Struct):
    """Tests asked together for one root, what was thought before them, and which are still under way."""

    explains: frozenset[Key]
    step: Step
    tried: dict[str, Tried]
    """By the id of the task."""
    open: set[str]


class _Asked(msgspec.Struct):
    key: Key
    target: Target
    deadline: float
    round: _Round


class DrillDown:
    name = "drill_down"

    def __init__(
        self,
        topology: Topology,
        standing: Standing,
        infer: Infer,
        wanted: Callable[[Diagnosis, float], Iterable[Wanted]],
        offer: Callable[[str, Task], None],
        *,
        new_id: Callable[[], str] = lambda: uuid4().hex,
    ) -> None:
        """``wanted``: what would be worth seeing, the best first; ``offer`` hands a task to a host."""
        self._topology = topology
        self._standing = standing
        self._infer = infer
        self._wanted = wanted
        self._offer = offer
        self._new_id = new_id
        self._asked: dict[str, _Asked] = {}
        self._last: dict[Key, float] = {}
        self._rounds: list[_Round] = []

    def run(self, turn: Turn) -> None:
        for applied in turn.arrived:
            self._take_answers(applied, turn)
        self._give_up_late(turn)
        self._close_rounds(turn)
        for index, diagnosis in enumerate(turn.diagnoses):
            self._ask(diagnosis, turn)
            turn.diagnoses[index] = self._with_steps(diagnosis)
        self._forget(turn.now)

    def pending(self, diagnosis: Diagnosis) -> bool:
        """Could a test that is under way still change what is thought of this root?"""
        explained = keys_of(diagnosis.explains)
        return any(each.open and not each.explains.isdisjoint(explained) for each in self._rounds)

    def tested(self, diagnosis: Diagnosis) -> bool:
        """Has a round of tests about what it explains come to its end?"""
        return self.ended(keys_of(diagnosis.explains))

    def ended(self, symptoms: Collection[Key]) -> bool:
        """Has a round of tests about any of these come to its end?"""
        return any(not each.open and not each.explains.isdisjoint(symptoms) for each in self._rounds)

    def hosts(self) -> set[str]:
        """Hosts that have tests to run."""
        return {asked.key[0] for asked in self._asked.values()}

    def _take_answers(self, applied: Applied, turn: Turn) -> None:
        for entry in applied.changed:
            outcome = entry.observation.reason.value
            if self._done(entry.observation.task, outcome=outcome, answer=entry.id):
                turn.decide(self.name, Drilled.ANSWERED, entry.id)
        for refusal in applied.refusals:
            asked = self._asked.get(refusal.task)
            if asked is not None and self._done(refusal.task, why_not=refusal.why):
                self._unanswered(refusal.task, asked, refusal.why, turn.now)
                turn.decide(self.name, Drilled.REFUSED, " ".join(asked.key))

    def _give_up_late(self, turn: Turn) -> None:
        for task, asked in list(self._asked.items()):
            if asked.deadline < turn.now:
                self._done(task, why_not=TOO_LATE)
                self._unanswered(task, asked, TOO_LATE, turn.now)
                self._standing.hushed.setdefault(asked.key[0], asked.deadline - DEADLINE)
                turn.decide(self.name, Drilled.NO_ANSWER, " ".join(asked.key))

    def _done(self, task: str, **came: str) -> bool:
        """``came``: what the record says of this test from now on."""
        asked = self._asked.pop(task, None)
        if asked is None:
            return False
        asked.round.open.discard(task)
        asked.round.tried[task] = msgspec.structs.replace(asked.round.tried[task], **came)
        return True

    def _unanswered(self, task: str, asked: _Asked, why: str, now: float) -> None:
        _, signal, subject = asked.key
        self._infer.unanswered[task] = (Unchecked(signal=signal, subject=subject, why=why), now)

    def _close_rounds(self, turn: Turn) -> None:
        for each in self._rounds:
            if not each.open and not each.step.after:
                best = _best(turn.diagnoses, each.explains)
                each.step = msgspec.structs.replace(
                    each.step,
                    after=() if best is None else _top(best),
                    tried=tuple(each.tried.values()),
                    ruled_out=() if best is None else _ruled_out(each.step, best),
                )

    def _ask(self, diagnosis: Diagnosis, turn: Turn) -> None:
        room = min(MAX_PER_ROOT, MAX_TESTS - len(self._asked))
        step = Step(at=turn.now, tests=(), before=_top(diagnosis), after=())
        asked = _Round(frozenset(), step, {}, set())
        said: list[str] = []
        for test in self._wanted(diagnosis, turn.now):
            if len(said) >= room:
                break
            reason, observer = self._ask_one(test, diagnosis, asked, turn.now)
            if reason is Drilled.ASKED:
                said.append(f"{test.check} {test.subject} by {observer}")
            if reason is not None:
                turn.decide(self.name, reason, f"{test.check} {test.subject}")
        if said:
            asked.explains = frozenset(diagnosis.explains[:TOLD_BY])
            asked.step = msgspec.structs.replace(step, tests=tuple(said), tried=tuple(asked.tried.values()))
            self._rounds.append(asked)

    def _ask_one(
        self, test: Wanted, diagnosis: Diagnosis, asked: _Round, now: float
    ) -> tuple[Drilled | None, str]:
        observer = self._vantage(test, diagnosis)
        key = (observer, test.check, test.subject)
        if now - self._last.get(key, now - AGAIN_AFTER) < AGAIN_AFTER:
            return None, observer
        self._last[key] = now
        if not observer:
            return Drilled.NO_VANTAGE, observer
        target = target_for(test.check, test.subject, self._latest(test, observer), self._topology)
        if target is None:
            return Drilled.NO_TARGET, observer
        if any(each.key[:2] == key[:2] and each.target == target for each in self._asked.values()):
            return None, observer  # the same question by another name
        task = Task(id=self._new_id(), check=test.check, target=target, expires_at=now + DEADLINE)
        self._offer(observer, task)
        asked.open.add(task.id)
        asked.tried[task.id] = Tried(
            check=test.check, subject=test.subject, observer=observer, cost=test.cost, gain=test.gain
        )
        self._asked[task.id] = _Asked(key, target, now + DEADLINE, asked)
        return Drilled.ASKED, observer

    def _vantage(self, test: Wanted, diagnosis: Diagnosis) -> str:
        """Who can look: the host itself for its own facts, else one that looked before, else any other."""
        if test.observer:
            return test.observer if self._alive(test.observer) else ""
        own = host_of(test.subject)
        if is_local(test.check):
            return own if self._alive(own) else ""
        suspects = {own, host_of(diagnosis.root.entity)}
        for host in self._vantages(test, own):
            if host not in suspects and self._alive(host) and host not in self._standing.hushed:
                return host
        return ""

    def _vantages(self, test: Wanted, own: str) -> Iterator[str]:
        """The likeliest first."""
        yield from (observer for observer, _, _ in self._looks(test))
        yield from self._near(own)
        yield from sorted(self._topology.inventories)

    def _near(self, host: str) -> list[str]:
        """The hosts on the same switch or segment: little that may be at fault lies between."""
        graph = self._topology.graph
        homes = [e.parent for e in graph.parents(ids.host(host)) if e.relation is Relation.ATTACHED_TO]
        found = {
            e.child for home in homes for e in graph.children(home) if e.relation is Relation.ATTACHED_TO
        }
        # A router is at home on several: its NICs are attached, not the machine.
        return sorted({name_of(each) if kind_of(each) == "host" else host_of(each) for each in found} - {""})

    def _alive(self, host: str) -> bool:
        known = host in self._topology.inventories
        return bool(host) and host != SERVER and known and host not in self._standing.silent

    def _looks(self, test: Wanted) -> list[Key]:
        """By whom the check was done on the subject; a record is looked at by another name than it has."""
        entries, subject = self._standing.entries, test.subject
        known = self._standing.seen_by.get(subject)
        if known is None:
            return sorted(key for key in entries if key[1] == test.check and key[2] == subject)
        return sorted(key for key in ((each, test.check, subject) for each in known) if key in entries)

    def _latest(self, test: Wanted, observer: str) -> Entry | None:
        own = self._standing.entries.get((observer, test.check, test.subject))
        if own is not None:
            return own
        looks = self._looks(test)
        return self._standing.entries[looks[0]] if looks else None

    def _with_steps(self, diagnosis: Diagnosis) -> Diagnosis:
        explained = keys_of(diagnosis.explains)
        mine = [each.step for each in self._rounds if not each.explains.isdisjoint(explained)]
        return msgspec.structs.replace(diagnosis, steps=tuple(mine[-MAX_STEPS:])) if mine else diagnosis

    def _forget(self, now: float) -> None:
        self._rounds = [each for each in self._rounds if each.step.at > now - FORGOTTEN_AFTER]
        self._last = {key: at for key, at in self._last.items() if at > now - AGAIN_AFTER}
        unanswered = self._infer.unanswered
        for task in [task for task, (_, at) in unanswered.items() if at < now - FORGOTTEN_AFTER]:
            del unanswered[task]


def _top(diagnosis: Diagnosis) -> tuple[Hypothesis, ...]:
    """Without their observations: those of a storm would be kept again with every step."""
    best = (diagnosis.hypotheses or (diagnosis.root,))[:MAX_HYPOTHESES]
    return tuple(
        Hypothesis(fault=each.fault, entity=each.entity, probability=each.probability) for each in best
    )


def _best(diagnoses: Iterable[Diagnosis], explains: frozenset[Key]) -> Diagnosis | None:
    """What is thought now of the symptoms that a step was about."""
    overlaps = [(len(explains & keys_of(each.explains)), each) for each in diagnoses]
    shared, best = max(overlaps, key=lambda pair: pair[0], default=(0, None))
    return best if shared else None


def _ruled_out(step: Step, after: Diagnosis) -> tuple[RuledOut, ...]:
    before = {(each.fault, each.entity) for each in step.before}
    return tuple(each for each in after.ruled_out if (each.fault, each.entity) in before)
