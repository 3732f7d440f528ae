"""Stage 3: the server's own looks. A heartbeat that stays away is an observation like any other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum

from rules.catalogue import Catalogue
from rules.evidence import Evidence, united
from rules.topology import Topology
from server.diagnosis.standing import SERVER, Standing
from server.diagnosis.turn import Turn
from server.diagnosis.vigil import Presences, Vigil
from server.entry import Entry, Presence
from wire import entity as ids
from wire.judgement import Reason, Verdict
from wire.observation import Observation

SIGNAL = "agent.heartbeat"
MACHINE_GONE = {"shutdown": Reason.OVERDUE, "sleep": Reason.ASLEEP}
"""Goodbyes of the whole machine, and what they make of its heartbeat; the other one is of the agent alone."""
HUSHED = 1.5
"""Heartbeat intervals of silence that are enough where a question, too, went without an answer."""
MANY = 3
COMES_BACK = 8.0
"""Seconds in which an agent that was killed is started again by whoever keeps it."""
LARGE_PART = 3
"""One of so many agents falling silent together makes the server's own connection a suspect."""


class Heard(StrEnum):
    OVERDUE = "overdue"
    STOPPED = "stopped"
    RETURNED = "returned"
    ASLEEP = "asleep"
    SAID_GOODBYE = "said_goodbye"
    MANY_LAPSED = "many_lapsed"


class Listen:
    name = "listen"

    def __init__(
        self,
        catalogue: Catalogue,
        topology: Topology,
        standing: Standing,
        presences: Presences,
        hung_up: Callable[[], Mapping[str, float]] = dict,
    ) -> None:
        """``hung_up`` tells which hosts closed their agent's connection, and when."""
        self._signal = catalogue.signals[SIGNAL]
        self._topology = topology
        self._standing = standing
        self._vigil = Vigil(presences)
        self._hung_up = hung_up

    def run(self, turn: Turn) -> None:
        hung_up = self._hung_up()
        hosts = (*hung_up, *self._standing.hushed)
        for presence in self._vigil.whom(turn.arrived, hosts, turn.now):
            outcome = self._outcome(presence, hung_up.get(presence.host, 0.0), turn.now)
            self._judge(presence, turn, outcome)
            self._vigil.keep(presence, outcome)
        overdue, heard = len(self._vigil.overdue), len(self._vigil.heard)
        many = overdue >= MANY and overdue * LARGE_PART >= heard
        if many and not self._standing.many_silent:
            turn.decide(self.name, Heard.MANY_LAPSED, f"{overdue} of {heard} agents")
        self._standing.many_silent = many

    def _outcome(self, presence: Presence, hung_up: float, now: float) -> Reason:
        """Who closes a connection has a kernel that lives; of a dead machine nothing is heard at all."""
        if presence.goodbye:
            return Reason.OK
        if hung_up > presence.last_heard and now - hung_up > COMES_BACK:
            return Reason.STOPPED
        late = presence.overdue_at < now or self._hushed(presence, now)
        return Reason.OVERDUE if late else Reason.OK

    def _hushed(self, presence: Presence, now: float) -> bool:
        """It missed a heartbeat, and what it was asked since: no need to wait for the third."""
        asked = self._standing.hushed.get(presence.host)
        if asked is None:
            return False
        if presence.last_heard > asked:
            del self._standing.hushed[presence.host]
            return False
        interval = (presence.overdue_at - presence.last_heard) / MANY
        return now - presence.last_heard > HUSHED * interval

    def _judge(self, presence: Presence, turn: Turn, outcome: Reason) -> None:
        host, standing = presence.host, self._standing
        known = standing.evidence.get((SERVER, SIGNAL, ids.agent(host)))
        was_late = known is not None and known.outcome is not Reason.OK
        if presence.goodbye:
            if standing.goodbyes.get(host) != presence.goodbye:
                turn.decide(self.name, Heard.SAID_GOODBYE, f"{host}: {presence.goodbye}")
            self._take_leave(presence, known, turn.now, was_late=was_late)
            return
        if standing.goodbyes.pop(host, "") in MACHINE_GONE:
            standing.back[host] = turn.now
        if outcome is not Reason.OK:
            standing.silent.add(host)
            if known is None or known.outcome is not outcome:
                turn.decide(self.name, Heard(outcome.value), host)
                self._put(presence, known, turn.now, outcome)
            return
        standing.silent.discard(host)
        if was_late:
            turn.decide(self.name, Heard.RETURNED, host)
        if known is None or was_late or self._matters(known, presence):
            self._put(presence, known, turn.now, Reason.OK)

    def _matters(self, known: Evidence, presence: Presence) -> bool:
        """That it was heard once more, while something fails?"""
        later = known.confirmed_at < presence.last_heard
        return bool(self._standing.failing) and later and not self._standing.tells_enough(known)

    def _take_leave(self, presence: Presence, known: Evidence | None, now: float, *, was_late: bool) -> None:
        """A machine that goes down takes its services along: they must find it as their root, not another."""
        self._standing.goodbyes[presence.host] = presence.goodbye
        self._standing.silent.add(presence.host)
        if presence.goodbye not in MACHINE_GONE:
            self._standing.remove((SERVER, SIGNAL, ids.agent(presence.host)))
        elif not was_late:
            self._put(presence, known, now, MACHINE_GONE[presence.goodbye])

    def _put(self, presence: Presence, known: Evidence | None, now: float, outcome: Reason) -> None:
        """A lasting run keeps the id of its first look."""
        late = outcome is not Reason.OK
        lasts = known if known is not None and known.outcome is outcome else None
        entry = self._entry(presence, lasts, now, outcome)
        seen = entry.observation
        exercised = self._topology.exercised(SERVER, self._signal, seen.subject, None)
        if lasts is not None and not late and lasts.exercised == exercised:
            self._standing.confirm(lasts, entry)
            return
        if known is not None and late:
            exercised = united(exercised, known.exercised)
        evidence = Evidence(
            id=entry.id,
            observer=SERVER,
            signal=SIGNAL,
            subject=seen.subject,
            outcome=outcome,
            since=entry.since,
            confirmed_at=entry.confirmed_at,
            opposite_at=entry.opposite_at,
            confirmed=late,  # three were missed, or one and an answer, or it did not come back
            exercised=exercised,
        )
        self._standing.put(evidence, entry, now)

    def _entry(self, presence: Presence, known: Evidence | None, now: float, outcome: Reason) -> Entry:
        late = outcome is not Reason.OK
        interval = (presence.overdue_at - presence.last_heard) / MANY
        began = min(now, presence.last_heard + interval) if late else presence.last_heard
        since = known.since if known is not None else began
        opposite = presence.last_heard if late else None
        seen = Observation(
            seq=self._number(known, now),
            signal=SIGNAL,
            subject=ids.agent(presence.host),
            verdict=Verdict.FAIL if late else Verdict.PASS,
            reason=outcome,
            at=now,
            since=since,
            opposite_at=opposite,
            value=round(now - presence.last_heard, 1) if late else None,
            evidence={"last_heard": presence.last_heard},
        )
        return Entry(
            host=SERVER,
            observation=seen,
            since=since,
            confirmed_at=now if late else presence.last_heard,
            opposite_at=opposite,
            clock_error=0.0,
        )

    def _number(self, known: Evidence | None, now: float) -> int:
        if known is not None:
            return int(known.id.rpartition("#")[2])
        return self._standing.number_own(now)
