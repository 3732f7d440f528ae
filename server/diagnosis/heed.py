"""Stage 2b: what a person resolved is not opened again by lines that were said before."""

from __future__ import annotations

from enum import StrEnum

from rules.catalogue import Catalogue
from rules.diagnosis import Key
from server.desk.desk import Desk
from server.desk.states import Status
from server.diagnosis.standing import Standing
from server.diagnosis.turn import Turn
from server.diagnosis.weigh import proofs_of


class Heeded(StrEnum):
    SAID_BEFORE_THE_REPAIR = "said_before_the_repair"


class Heed:
    """A line that no look can refute, as of a failing part, stands until somebody says that it is done."""

    name = "heed"

    def __init__(self, catalogue: Catalogue, standing: Standing, desk: Desk) -> None:
        self._signals = catalogue.signals
        self._standing = standing
        self._desk = desk
        self._heeded = 0.0
        """What was resolved up to then is dealt with."""

    def run(self, turn: Turn) -> None:
        if not self._standing.failing:
            return
        tickets = self._desk.tickets.values()
        done = [ticket for ticket in tickets if ticket.status is Status.RESOLVED]
        if lately := [ticket for ticket in done if (ticket.resolved_at or 0.0) >= self._heeded]:
            self._heed({key for ticket in lately for key in ticket.watch}, turn)
        self._heeded = turn.now

    def _heed(self, done: set[Key], turn: Turn) -> None:
        still = {key for ticket in self._desk.tickets.values() if ticket.open for key in ticket.watch}
        anew = {
            (entry.host, entry.observation.signal, entry.observation.subject)
            for applied in turn.arrived
            for entry in applied.changed
        }
        for key in sorted(done - still - anew):
            if self._only_a_line(key):
                self._standing.remove(key)
                turn.decide(self.name, Heeded.SAID_BEFORE_THE_REPAIR, " ".join(key))

    def _only_a_line(self, key: Key) -> bool:
        if key not in self._standing.failing or key[1] not in self._standing.log_born:
            return False
        return next(proofs_of(self._standing.evidence[key], self._signals, self._standing), None) is None
