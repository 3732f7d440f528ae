"""Stage 7: tickets follow symptoms. Opens, updates, moves, merges and reopens them (engine rule 13)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

import msgspec

from rules.diagnosis import Diagnosis, Key, cited_ids
from server.desk.desk import Desk
from server.desk.states import Status
from server.desk.ticket import Note, Ticket
from server.diagnosis.citing import cite
from server.diagnosis.context import NAMED_AT_MOST
from server.diagnosis.describe import Describe
from server.diagnosis.keys import keys_of
from server.diagnosis.match import absorber, match
from server.diagnosis.moving import Move, Moving, held
from server.diagnosis.standing import Standing
from server.diagnosis.turn import Turn, root_of

DAY = 86_400.0
REOPEN_WINDOW = DAY
RECURRENCE_WINDOW = 30 * DAY
REWRITE_AFTER = 2.0
REWRITE_AT_MOST = 60.0
PER_SECOND = 1_000
"""Seconds between two stored diagnoses of one ticket, unless its root moved: a storm grows by the second,
and what was well looked at changes little. They grow with the age of the ticket, and by one for each so many
symptoms."""
SAME_MATTER = 0.5
"""Part of all symptoms, a resolved ticket's and the new ones, that both must share to be one matter."""
LEFT_OVER_FOR = 60.0
UNSTABLE_AFTER = 3
UNSTABLE_WITHIN = 3600.0


class Ticketed(StrEnum):
    OPENED = "opened"
    UPDATED = "updated"
    MERGED = "explained_by_another_root"
    REOPENED = "fires_again"
    RECURRED = "recurrence"
    SPOKEN_FOR = "another_ticket_watches_its_symptoms"
    HELD = "another_ticket_holds_the_root"
    UNSTABLE = "comes_and_goes"


class TicketStage:
    name = "ticket"

    def __init__(self, standing: Standing, desk: Desk, describe: Describe, moving: Moving) -> None:
        self._standing = standing
        self._desk = desk
        self._describe = describe
        self._written: dict[str, tuple[float, tuple[object, ...]]] = {}
        """Ticket → when its diagnosis was last stored, and what it said."""
        self._watched: dict[str, tuple[tuple[Key, ...], tuple[Key, ...]]] = {}
        """Ticket → what was explained when it was last watched, and what it watched then."""
        self._moving = moving
        self._kept: dict[str, Move] = {}
        self._left_over: dict[tuple[str, str], float] = {}
        """Root → since when it is one whose symptoms all belong to other tickets."""

    def run(self, turn: Turn) -> None:
        if not turn.diagnoses:
            self._left_over.clear()
            return
        roots = {root_of(each) for each in turn.diagnoses}
        self._left_over = {root: at for root, at in self._left_over.items() if root in roots}
        open_tickets = [ticket for ticket in turn.draft.tickets() if ticket.open]
        for gone in self._watched.keys() - {ticket.id for ticket in open_tickets}:
            del self._watched[gone]
        chosen = match(turn.diagnoses, open_tickets)
        pairs: list[tuple[Diagnosis, Ticket]] = []
        for index, ticket in sorted(chosen.items()):
            self._follow(turn.diagnoses[index], ticket, turn)
            pairs.append((turn.diagnoses[index], ticket))
        matched = {ticket.id for ticket in chosen.values()}
        for ticket in open_tickets:
            if ticket.id not in matched:
                self._absorb(ticket, pairs, turn)
        for index, diagnosis in enumerate(turn.diagnoses):
            if index in chosen or root_of(diagnosis) not in turn.ripe:
                continue
            if self._spoken_for(diagnosis, turn):
                turn.decide(self.name, Ticketed.SPOKEN_FOR, " ".join(root_of(diagnosis)))
                continue
            if held(turn.draft, root_of(diagnosis)):
                turn.decide(self.name, Ticketed.HELD, " ".join(root_of(diagnosis)))
                continue
            pairs.append((diagnosis, self._begin(diagnosis, turn)))
        self._share_out(pairs, turn)

    def _follow(self, diagnosis: Diagnosis, ticket: Ticket, turn: Turn) -> None:
        if root_of(diagnosis) == ticket.root:
            self._moving.forget(ticket.id)
        else:
            reason = self._moving.decide(diagnosis, ticket, turn)
            if self._kept.get(ticket.id) is not reason:
                turn.decide(self.name, reason, ticket.id)
            self._kept[ticket.id] = reason
            if reason is not Move.MOVED:
                self._watch(diagnosis, ticket, turn)
                return
            self._move(diagnosis, ticket, turn)
        self._watch(diagnosis, ticket, turn)
        if self._is_news(diagnosis, ticket, turn.now) and not self._is_less(diagnosis, ticket):
            self._store(diagnosis, ticket, turn)

    def _is_less(self, diagnosis: Diagnosis, ticket: Ticket) -> bool:
        """Does it say less than what is stored, because the symptoms end?"""
        said = self._desk.diagnoses.get(ticket.id)
        if said is None or (said.entity == diagnosis.entity and diagnosis.probability >= said.probability):
            return False
        return self._moving.is_remainder(diagnosis, ticket)

    def _move(self, diagnosis: Diagnosis, ticket: Ticket, turn: Turn) -> None:
        fields = self._describe.fields(diagnosis)
        turn.draft.note(
            ticket.id, turn.now, Note.MOVED, {"from": ticket.root, "to": root_of(diagnosis)}, Move.MOVED
        )
        turn.draft.set(ticket.id, turn.now, Move.MOVED, **self._kept_by_people(ticket, fields))

    @staticmethod
    def _kept_by_people(ticket: Ticket, fields: dict[str, Any]) -> dict[str, Any]:
        """What a person has set stays set."""
        kept = dict(fields)
        for name in ("impact", "urgency"):
            if getattr(ticket, name).source == "human":
                kept.pop(name)
        if ticket.assignee:
            kept.pop("team")
        if {"impact", "urgency"} - set(kept):
            kept.pop("priority")
        return kept

    def _absorb(self, ticket: Ticket, pairs: list[tuple[Diagnosis, Ticket]], turn: Turn) -> None:
        parent = absorber(ticket, self._standing.failing, pairs)
        if parent is None or ticket.assignee:
            return
        reason = Ticketed.MERGED
        turn.draft.move(ticket.id, turn.now, Status.MERGED, reason, parent=parent.id)
        turn.draft.note(parent.id, turn.now, Note.ABSORBED, ticket.id, reason)
        keys = (*turn.draft.ticket(parent.id).watch, *ticket.watch)
        turn.draft.watch(parent.id, turn.now, keys, reason)
        turn.decide(self.name, reason, f"{ticket.id} into {parent.id}")

    def _begin(self, diagnosis: Diagnosis, turn: Turn) -> Ticket:
        past = self._of_late(turn)
        before = self._earlier(diagnosis, past, turn.now)
        if before is not None and before.status is Status.RESOLVED and self._within(before, turn.now):
            return self._reopen(before, diagnosis, turn)
        reason = Ticketed.RECURRED if before is not None else Ticketed.OPENED
        ticket = turn.draft.open(
            turn.now,
            f"{reason}: {turn.ripe[root_of(diagnosis)]}",
            recurrence_of=before.id if before is not None else "",
            earlier=self._same_root(root_of(diagnosis), past, turn.now),
            onset=diagnosis.onset,
            watch=self._lasting(diagnosis.explains),
            verdict=diagnosis.certainty,
            probability=round(diagnosis.probability, 4),
            unstable=self._intermittent(diagnosis),
            **self._describe.fields(diagnosis),
        )
        turn.decide(self.name, reason, ticket.id)
        self._store(diagnosis, ticket, turn)
        return turn.draft.ticket(ticket.id)

    def _spoken_for(self, diagnosis: Diagnosis, turn: Turn) -> bool:
        """What is left of a ticket that recovers must not look like another root; for a while."""
        since = self._left_over.setdefault(root_of(diagnosis), turn.now)
        watched = {key for ticket in turn.draft.tickets() if ticket.open for key in ticket.watch}
        return set(self._lasting(diagnosis.explains)) <= watched and turn.now - since < LEFT_OVER_FOR

    @staticmethod
    def _within(ticket: Ticket, now: float) -> bool:
        return ticket.resolved_at is not None and now - ticket.resolved_at <= REOPEN_WINDOW

    @staticmethod
    def _of_late(turn: Turn) -> list[Ticket]:
        """Tickets that were opened or ended within the time in which another of its kind is a recurrence."""
        since = turn.now - RECURRENCE_WINDOW
        return [one for one in turn.draft.tickets() if max(one.opened_at, one.resolved_at or 0.0) >= since]

    @staticmethod
    def _same_root(root: tuple[str, str], past: Iterable[Ticket], now: float) -> tuple[str, ...]:
        recent = (each for each in past if each.opened_at >= now - RECURRENCE_WINDOW)
        return tuple(each.id for each in recent if each.root == root and each.status is not Status.MERGED)

    def _earlier(self, diagnosis: Diagnosis, past: Iterable[Ticket], now: float) -> Ticket | None:
        """The latest ended ticket about the same root or, while it may be reopened, the same symptoms."""
        ended = [
            ticket
            for ticket in past
            if ticket.status in (Status.RESOLVED, Status.CLOSED)
            and ticket.resolved_at is not None
            and now - ticket.resolved_at <= RECURRENCE_WINDOW
        ]
        same = [ticket for ticket in ended if ticket.root == root_of(diagnosis)]
        if not same:
            explained = set(self._lasting(diagnosis.explains))
            same = [
                ticket
                for ticket in ended
                if ticket.status is Status.RESOLVED
                and self._within(ticket, now)
                and len(explained & set(ticket.watch)) > SAME_MATTER * len(explained | set(ticket.watch))
            ]
        return max(same, key=lambda ticket: (ticket.resolved_at or 0.0, int(ticket.id)), default=None)

    def _reopen(self, ticket: Ticket, diagnosis: Diagnosis, turn: Turn) -> Ticket:
        reason, draft = Ticketed.REOPENED, turn.draft
        draft.move(ticket.id, turn.now, Status.IN_PROGRESS, reason)
        relapses = (*ticket.relapses, turn.now)[-8:]
        draft.set(ticket.id, turn.now, reason, reopened=ticket.reopened + 1, relapses=relapses)
        if root_of(diagnosis) != ticket.root:
            self._move(diagnosis, ticket, turn)
        turn.decide(self.name, reason, ticket.id)
        draft.watch(ticket.id, turn.now, self._lasting(diagnosis.explains), reason)
        self._mark_unstable(diagnosis, draft.ticket(ticket.id), turn)
        self._store(diagnosis, draft.ticket(ticket.id), turn)
        return draft.ticket(ticket.id)

    def _lasting(self, keys: Iterable[Key]) -> tuple[Key, ...]:
        return tuple(key for key in keys if self._standing.lasting(key))

    def _watch(self, diagnosis: Diagnosis, ticket: Ticket, turn: Turn) -> None:
        explained, watch = self._watched.get(ticket.id, ((), ()))
        if explained is not diagnosis.explains or watch is not ticket.watch:
            watched = keys_of(ticket.watch)
            more = self._lasting(key for key in diagnosis.explains if key not in watched)
            if more:
                turn.draft.watch(ticket.id, turn.now, (*ticket.watch, *more), "symptoms")
            self._watched[ticket.id] = (diagnosis.explains, turn.draft.ticket(ticket.id).watch)
        self._mark_unstable(diagnosis, turn.draft.ticket(ticket.id), turn)

    def _mark_unstable(self, diagnosis: Diagnosis, ticket: Ticket, turn: Turn) -> None:
        recent = [at for at in ticket.relapses if at > turn.now - UNSTABLE_WITHIN]
        if not ticket.unstable and (len(recent) >= UNSTABLE_AFTER or self._intermittent(diagnosis)):
            turn.draft.set(ticket.id, turn.now, Ticketed.UNSTABLE, unstable=True)
            turn.decide(self.name, Ticketed.UNSTABLE, ticket.id)

    def _intermittent(self, diagnosis: Diagnosis) -> bool:
        return not self._standing.intermittent.keys().isdisjoint(keys_of(diagnosis.explains))

    def _is_news(self, diagnosis: Diagnosis, ticket: Ticket, now: float) -> bool:
        """Does it say something else than what was stored, that is due?"""
        says = _gist(diagnosis)
        size, age = len(diagnosis.explains) / PER_SECOND, now - ticket.opened_at
        wait = min(REWRITE_AT_MOST, max(REWRITE_AFTER, size, age / 10))
        at, said = self._written.get(ticket.id, (0.0, ()))
        return says != said and not (said and says[:3] == said[:3] and now - at < wait)

    def _store(self, diagnosis: Diagnosis, ticket: Ticket, turn: Turn) -> None:
        """A new version of the diagnosis."""
        self._written[ticket.id] = (turn.now, _gist(diagnosis))
        earlier = self._desk.diagnoses.get(ticket.id)
        kept = self._with_context(self._describe.with_earlier_steps(diagnosis, earlier), earlier)
        turn.draft.attach(ticket.id, turn.now, kept, cite(cited_ids(kept), self._standing))
        fields = self._describe.fields(diagnosis)
        turn.draft.set(ticket.id, turn.now, Ticketed.UPDATED, **self._kept_by_people(ticket, fields))

    def _with_context(self, diagnosis: Diagnosis, earlier: Diagnosis | None) -> Diagnosis:
        """What was found first stays: what was said is forgotten sooner than a ticket."""
        known = earlier.context if earlier is not None and root_of(earlier) == root_of(diagnosis) else ()
        found = dict.fromkeys((*known, *self._standing.context.of(diagnosis)))
        return msgspec.structs.replace(diagnosis, context=tuple(found)[:NAMED_AT_MOST])

    def _share_out(self, pairs: list[tuple[Diagnosis, Ticket]], turn: Turn) -> None:
        """A symptom that another ticket's root explains is that ticket's to prove."""
        for diagnosis, ticket in pairs if len(pairs) > 1 else ():
            mine = set(diagnosis.explains)
            others = {key for each, other in pairs if other.id != ticket.id for key in each.explains} - mine
            current = turn.draft.ticket(ticket.id)
            if current.open and others & set(current.watch):
                keys = (key for key in current.watch if key not in others)
                turn.draft.watch(ticket.id, turn.now, keys, "another_root_explains_it")


def _gist(diagnosis: Diagnosis) -> tuple[object, ...]:
    """What would make a reader say that the diagnosis changed; the first three cannot wait."""
    return (
        root_of(diagnosis),
        diagnosis.entity,
        diagnosis.certainty,
        round(diagnosis.probability, 2),
        diagnosis.explains,
        tuple((each.fault, each.entity) for each in diagnosis.members),
        tuple((each.fault, each.entity, each.by) for each in diagnosis.ruled_out),
        tuple((each.tests, bool(each.after)) for each in diagnosis.steps),
        diagnosis.unchecked,
    )
