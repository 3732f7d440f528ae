"""Stage 8: resolves a ticket when every symptom has passed again, freshly, for a hold-down time."""

from __future__ import annotations

from enum import StrEnum

from rules.catalogue import Catalogue
from rules.diagnosis import Key
from rules.graph import Graph
from server.desk.desk import Desk
from server.desk.states import Status
from server.desk.ticket import Note, Ticket
from server.diagnosis.citing import cite
from server.diagnosis.standing import Standing
from server.diagnosis.turn import Turn
from server.diagnosis.weigh import CONSIDERED, proofs_of

HOLD_DOWN = 15.0
UNSTABLE_FACTOR = 4.0
"""What comes and goes must stay well for longer."""
MAX_RELAPSES = 8
ASIDE = 5.0
"""Seconds before the onset of a fault in which a line may have told of it already."""
MOST_HARMED = 2_000
"""Entities whose looks are forgotten when what they lean on is repaired."""
LINE_LASTS = 300.0
"""Seconds after its last repetition for which a line without a ticket still counts."""


class Proved(StrEnum):
    PROVED = "proved"
    RETIRED = "retired"
    STILL_FAILING = "still_failing"
    NOT_SEEN_AGAIN = "not_seen_again"
    HOLDING_DOWN = "holding_down"
    RELAPSED = "relapsed"
    LEFT_TO_PEOPLE = "left_to_people"
    LINE_FORGOTTEN = "line_forgotten"


class Prove:
    name = "prove"

    def __init__(self, catalogue: Catalogue, graph: Graph, standing: Standing, desk: Desk) -> None:
        self._signals = catalogue.signals
        self._graph = graph
        self._standing = standing
        self._desk = desk
        self._said: dict[str, Proved] = {}

    def run(self, turn: Turn) -> None:
        said: dict[str, Proved] = {}
        for ticket in list(turn.draft.tickets()):
            if not ticket.open:
                continue
            reason, proof = self._judge(ticket, turn.now)
            before = self._said.get(ticket.id)
            if reason is Proved.STILL_FAILING and before is Proved.HOLDING_DOWN:
                self._relapse(ticket, turn)
            said[ticket.id] = reason
            if reason is before:
                continue
            turn.decide(self.name, reason, ticket.id)
            self._act(ticket, reason, proof, turn)
        self._said = said
        self._forget_lines(turn)

    def _forget_lines(self, turn: Turn) -> None:
        """What a log said once, and no ticket is about, must not be held against what happens later."""
        self._forget_unwatched(turn, said_before=turn.now - LINE_LASTS)

    def _forget_unwatched(self, turn: Turn, *, said_before: float, begun_at: float = float("-inf")) -> None:
        """The lines of no open ticket that were said last before the one moment and first since the other."""
        if not self._standing.failing_lines:
            return
        watched = {key for ticket in turn.draft.tickets() if ticket.open for key in ticket.watch}
        for key in list(self._standing.failing_lines):
            said = self._standing.evidence[key]
            if key not in watched and said.confirmed_at < said_before and said.since >= begun_at:
                self._standing.remove(key)
                turn.decide(self.name, Proved.LINE_FORGOTTEN, " ".join(key))

    def _judge(self, ticket: Ticket, now: float) -> tuple[Proved, tuple[str, ...]]:
        """What can be said of the repair, and the observations that prove it."""
        proof: list[str] = []
        since = ticket.onset
        retired = 0
        for key in ticket.watch:
            if key in self._standing.failing:
                if not self._speechless(key):
                    return Proved.STILL_FAILING, ()
                since = max(since, self._standing.evidence[key].confirmed_at)
                continue
            passed = self._standing.fresh_pass(key)
            if passed is not None:
                proof.append(passed[0])
                since = max(since, passed[1])
            elif key[0] in self._standing.silent or key in self._standing.unknown:
                return Proved.NOT_SEEN_AGAIN, ()
            elif self._standing.retired(key):
                retired += 1
            else:
                return Proved.NOT_SEEN_AGAIN, ()
        if not proof:
            return (Proved.RETIRED if retired else Proved.NOT_SEEN_AGAIN), ()
        wait = HOLD_DOWN * (UNSTABLE_FACTOR if ticket.unstable else 1.0)
        if now - since < wait:
            return Proved.HOLDING_DOWN, ()
        return (Proved.LEFT_TO_PEOPLE if ticket.assignee else Proved.PROVED), tuple(proof)

    def _speechless(self, key: Key) -> bool:
        """A line that no look of its own can refute: the looks of its ticket, passing after it, do."""
        signal = self._signals.get(key[1])
        if signal is None or not signal.born_of_log:
            return False
        looks = proofs_of(self._standing.evidence[key], self._signals, self._standing)
        return next(looks, None) is None

    def _act(self, ticket: Ticket, reason: Proved, proof: tuple[str, ...], turn: Turn) -> None:
        draft = turn.draft
        if reason is Proved.RETIRED:
            draft.move(ticket.id, turn.now, Status.CANCELLED, reason)
        if reason in (Proved.PROVED, Proved.LEFT_TO_PEOPLE):
            draft.cite(ticket.id, cite(proof, self._standing))
            draft.note(ticket.id, turn.now, Note.PROVED, list(proof), reason)
        if reason is Proved.PROVED:
            draft.move(ticket.id, turn.now, Status.RESOLVED, reason)
            self._standing.end([*ticket.watch, *self._shaken(ticket, turn)], turn.now)
            for key in [key for key in ticket.watch if key in self._standing.failing]:
                self._standing.prove(key, proof[0], turn.now)
            # Lines said while the fault lasted, which led to no ticket, are not held against what comes next.
            self._forget_unwatched(turn, said_before=turn.now - CONSIDERED, begun_at=ticket.onset - ASIDE)

    def _shaken(self, ticket: Ticket, turn: Turn) -> list[Key]:
        """Looks that it only shook now and then, through what leans on it too: what they fail by next is
        another matter, unless they belong to one already.
        """
        others = {
            key for each in turn.draft.tickets() if each.open and each is not ticket for key in each.watch
        }
        harmed = self._graph.leaning_on(ticket.entity, MOST_HARMED)
        return [key for key in self._standing.shaken(harmed, ticket.onset - ASIDE) if key not in others]

    @staticmethod
    def _relapse(ticket: Ticket, turn: Turn) -> None:
        relapses = (*ticket.relapses, turn.now)[-MAX_RELAPSES:]
        turn.draft.set(ticket.id, turn.now, Proved.RELAPSED, relapses=relapses)
