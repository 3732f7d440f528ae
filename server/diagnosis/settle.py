"""Stage 6: is it time to open a ticket about this root, or should more be seen first (engine rule 9)?"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Protocol

from rules.catalogue import Catalogue
from rules.diagnosis import Diagnosis, Key
from rules.graph import Graph
from rules.models import UNMODELLED, Fault, Role
from server.desk.desk import Desk
from server.desk.maintenance import planned
from server.diagnosis.keys import keys_of, signals_of
from server.diagnosis.listen import MACHINE_GONE
from server.diagnosis.standing import SERVER, Standing
from server.diagnosis.turn import Turn, root_of
from wire.entity import Entity, host_of, name_of
from wire.judgement import Reason

CERTAIN = 0.97
CLEAR = 0.9
"""Enough for what the root's own host has read of itself, once it has settled."""
SETTLED_AFTER = 5.0
FAR_SETTLED_AFTER = 18.0
"""From afar: until every look of a round has been taken again, so that what passes now is known to."""
TESTED_AFTER = 12.0
"""Two rounds of tests, each with its time-out."""
COMMON_CAUSE_AFTER = 30.0
FORGOTTEN_AFTER = 45.0
"""Seconds: three rounds in which nothing spoke for a root."""
UNBROKEN = 3.0
"""Seconds between two turns in which a root stood all the while."""
FURTHER_AFTER = 10.0
"""Beside an open ticket a further root must have stood so long: a repair, too, lets roots flicker."""
MOST_THOUGHTS = 1_000
AFTERMATH_WITHIN = 120.0
"""Seconds after the repair in which what a fault leaves behind may begin."""
BAR = 0.5
BAR_ALONE = 0.9
"""For a single symptom that no second try has confirmed."""
BAR_FURTHER = 0.8
"""For a root beside others (engine rule 13)."""
UNDER_WAY = 5.0
"""Seconds within which a look that began before a machine was back may still come to its end."""


class Settled(StrEnum):
    CERTAIN = "certain"
    TIME_IS_UP = "time_is_up"
    WAITING = "waiting"
    WAITING_FOR_TESTS = "waiting_for_tests"
    WAITING_FOR_COMMON_CAUSE = "waiting_for_common_cause"
    WAITING_FOR_SECOND_VANTAGE = "waiting_for_second_vantage"
    BELOW_BAR = "below_bar"
    NOT_CONFIRMED = "not_confirmed"
    NOBODY_NEEDED = "nobody_needed"
    PLANNED = "planned"
    SAID_GOODBYE = "said_goodbye"
    AFTERMATH = "aftermath"
    HAS_A_TICKET = "has_a_ticket"


RIPE = frozenset([Settled.CERTAIN, Settled.TIME_IS_UP])
EXCUSED = frozenset([Settled.NOBODY_NEEDED, Settled.PLANNED, Settled.AFTERMATH, Settled.SAID_GOODBYE])


class Tests(Protocol):
    """What is known of the tests that were asked for."""

    def pending(self, diagnosis: Diagnosis) -> bool: ...

    def tested(self, diagnosis: Diagnosis) -> bool: ...


class Settle:
    name = "settle"

    def __init__(
        self,
        catalogue: Catalogue,
        graph: Graph,
        standing: Standing,
        desk: Desk,
        tests: Tests,
    ) -> None:
        self._catalogue = catalogue
        self._graph = graph
        self._standing = standing
        self._desk = desk
        self._pending = tests.pending
        self._tested = tests.tested
        self._thought: dict[tuple[str, str], tuple[float, float]] = {}
        """Root → for how long it was thought of, and when last: what comes and goes is one thought."""
        self._said: dict[tuple[str, str], Settled] = {}
        self._excused: dict[Key, float] = {}
        """Symptoms that were last accounted for without a ticket → when."""

    def run(self, turn: Turn) -> None:
        said: dict[tuple[str, str], Settled] = {}
        held = {ticket.root for ticket in self._desk.open_tickets()}
        for diagnosis in turn.diagnoses:
            root = root_of(diagnosis)
            self._think(root, turn.now)
            reason = Settled.HAS_A_TICKET if root in held else self._decide(diagnosis, turn)
            said[root] = reason
            if reason is Settled.AFTERMATH:
                self._set_aside(diagnosis)
            if reason in EXCUSED:
                self._excused.update(dict.fromkeys(diagnosis.explains, turn.now))
            if reason in RIPE:
                turn.ripe[root] = reason
            if self._said.get(root) is not reason:
                turn.decide(self.name, reason, " ".join(root))
        self._said = said
        if self._excused:
            failing = self._standing.failing
            self._excused = {key: at for key, at in self._excused.items() if key in failing}

    def _decide(self, diagnosis: Diagnosis, turn: Turn) -> Settled:
        explained = self._excuse(diagnosis, turn.now)
        if explained is not None:
            return explained
        if self._standing.many_silent and signals_of(diagnosis.explains).keys() <= {SERVER}:
            return Settled.WAITING_FOR_SECOND_VANTAGE
        age = max(turn.now - self._learnt(diagnosis, turn.now), self._stood(diagnosis))
        vague = root_of(diagnosis)[0].startswith(UNMODELLED)
        certain = diagnosis.probability >= CERTAIN and not vague
        at_home = self._seen_at_home(diagnosis)
        if certain and at_home and not self._pending(diagnosis):
            return self._bar(diagnosis, turn, Settled.CERTAIN)
        examined = certain and self._tested(diagnosis) and not self._pending(diagnosis)
        if examined and age >= SETTLED_AFTER and not self._crowd(turn):
            return self._bar(diagnosis, turn, Settled.CERTAIN)
        if age < (SETTLED_AFTER if at_home else FAR_SETTLED_AFTER):
            return Settled.WAITING_FOR_TESTS if certain else Settled.WAITING
        if age < TESTED_AFTER and self._pending(diagnosis):
            return Settled.WAITING_FOR_TESTS
        if certain:
            unclear = not at_home and self._crowd(turn)
        else:
            clear = at_home and not vague and diagnosis.probability >= CLEAR
            unclear = vague or (not clear and self._common_cause(diagnosis))
        if age < COMMON_CAUSE_AFTER and unclear:
            return Settled.WAITING_FOR_COMMON_CAUSE
        return self._bar(diagnosis, turn, Settled.TIME_IS_UP)

    def _think(self, root: tuple[str, str], now: float) -> None:
        stood, last = self._thought.get(root, (0.0, now))
        gap = now - last
        if gap > FORGOTTEN_AFTER:
            stood = 0.0
        self._thought[root] = (stood + gap if gap <= UNBROKEN else stood, now)
        if len(self._thought) > MOST_THOUGHTS:
            self._thought = {each: at for each, at in self._thought.items() if now - at[1] < FORGOTTEN_AFTER}

    def _excuse(self, diagnosis: Diagnosis, now: float) -> Settled | None:
        name, entity = root_of(diagnosis)
        fault = self._catalogue.faults.get(name)
        if fault is None or not fault.ticket:
            return Settled.NOBODY_NEEDED
        if planned(self._desk.windows, diagnosis, now) is not None or self._changing(entity):
            return Settled.PLANNED
        if self._aftermath(fault, entity, diagnosis.onset):
            return Settled.AFTERMATH
        host = host_of(entity) or name_of(entity)
        if self._standing.goodbyes.get(host) in MACHINE_GONE or self._from_before(diagnosis, host):
            return Settled.SAID_GOODBYE
        return None

    def _changing(self, entity: Entity) -> bool:
        """Does its own host say that the service is away for a change of the machine, packages for one?"""
        look = self._standing.unknown.get((host_of(entity), "svc.process", entity))
        return look is not None and look.observation.reason is Reason.CHANGING

    def _from_before(self, diagnosis: Diagnosis, host: str) -> bool:
        """Has nobody looked since the machine came back from what it had announced?"""
        back = self._standing.back.get(host, 0.0)
        looks = (self._standing.evidence.get(key) for key in diagnosis.explains)
        return back > 0 and all(look is None or look.confirmed_at <= back + UNDER_WAY for look in looks)

    def _aftermath(self, fault: Fault, entity: Entity, onset: float) -> bool:
        """Is it what a fault that has, or lately had, a ticket leaves behind?"""
        return any(
            ticket.fault in fault.aftermath_of
            and ticket.entity == entity
            and ticket.onset <= onset <= (ticket.resolved_at or onset) + AFTERMATH_WITHIN
            for ticket in (self._desk.tickets.values() if fault.aftermath_of else ())
        )

    def _set_aside(self, diagnosis: Diagnosis) -> None:
        """What only tells of it must not be taken for a sign of something later."""
        telling = self._catalogue.faults[root_of(diagnosis)[0]].telling
        for key in diagnosis.explains:
            if key[1] in telling:
                self._standing.set_aside(key)

    def _seen_at_home(self, diagnosis: Diagnosis) -> bool:
        """Did the root's own host read it of itself? From afar, the first of many symptoms looks certain."""
        host = host_of(root_of(diagnosis)[1])
        return any(
            Role.PATH not in self._catalogue.signals[signal].exercises
            for signal in signals_of(diagnosis.explains).get(host, ())
        )

    def _learnt(self, diagnosis: Diagnosis, now: float) -> float:
        """When the server heard of the first of its symptoms, or when that was no longer accounted for.

        When what needed nobody ends, not all its symptoms do at once; what is left looks like something else.
        """
        excused, explained = self._excused, keys_of(diagnosis.explains)
        learnt = ((key, at) for key, at in self._standing.failing.items() if key in explained)
        if excused:
            return min((max(at, excused.get(key, 0.0)) for key, at in learnt), default=now)
        return next((at for _, at in learnt), now)

    def _bar(self, diagnosis: Diagnosis, turn: Turn, ripe: Settled) -> Settled:
        confirmed = [key for key in diagnosis.explains if self._confirmed(key)]
        further = len(turn.diagnoses) > 1 or bool(self._desk.open_tickets())
        bar = BAR_FURTHER if further else BAR
        if len(diagnosis.explains) <= 1 and not confirmed:
            bar = BAR_ALONE
        if diagnosis.probability < bar and not self._surely_something(diagnosis, confirmed, turn.now):
            return Settled.BELOW_BAR
        if self._desk.open_tickets() and self._stood(diagnosis) < FURTHER_AFTER:
            return Settled.WAITING
        if further:
            others = {key for each in turn.diagnoses if each is not diagnosis for key in each.explains}
            if not any(key not in others for key in confirmed):
                return Settled.NOT_CONFIRMED
        return ripe

    def _stood(self, diagnosis: Diagnosis) -> float:
        return self._thought[root_of(diagnosis)][0]

    def _surely_something(self, diagnosis: Diagnosis, confirmed: list[Key], now: float) -> bool:
        """Something confirmed fails and lasts; that it is not known which root it has is no peace of mind."""
        lasting = now - self._learnt(diagnosis, now) >= COMMON_CAUSE_AFTER
        together = sum(each.probability for each in diagnosis.hypotheses)
        return lasting and bool(confirmed) and together >= BAR_FURTHER

    def _confirmed(self, key: Key) -> bool:
        """Seen twice, or told by the machine itself."""
        evidence = self._standing.evidence.get(key)
        if evidence is None:
            return False
        born_of_log = self._catalogue.signals[key[1]].born_of_log
        return evidence.confirmed or evidence.confirmed_at > evidence.since or born_of_log

    def _crowd(self, turn: Turn) -> bool:
        """Several roots at once that nobody has seen at home: perhaps they have one behind them."""
        return sum(not self._seen_at_home(each) for each in turn.diagnoses) > 1

    def _common_cause(self, diagnosis: Diagnosis) -> bool:
        """Do two or more things that lean on the same fail, or does something come and go?"""
        if not self._standing.intermittent.keys().isdisjoint(keys_of(diagnosis.explains)):
            return True
        leaning: dict[Entity, Entity] = {}
        for _, _, subject in self._standing.failing:
            for edge in self._graph.parents(subject):
                if leaning.setdefault(edge.parent, subject) != subject:
                    return True
        explained = diagnosis.explains
        return _several(key[0] for key in explained) or _several(map(self._standing.place, explained))


def _several(names: Iterable[str]) -> bool:
    found = iter(names)
    first = next(found, None)
    return any(name != first for name in found)
