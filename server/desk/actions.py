"""What people do with tickets. Runs in the diagnosis thread, like every change of a ticket."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated

import msgspec

from rules.diagnosis import Diagnosis, Hypothesis, Key
from server.desk.desk import Desk
from server.desk.draft import Draft
from server.desk.routing import Routing
from server.desk.states import TRANSITIONS, Refused, Status
from server.desk.ticket import Derived, Level, Note, Scope, Ticket
from wire.entity import Entity
from wire.observation import Moment


class Action(StrEnum):
    ASSIGN = "assign"
    START = "start"
    WAIT = "wait"
    RESUME = "resume"
    RESOLVE = "resolve"
    REOPEN = "reopen"
    CLOSE = "close"
    REJECT = "reject"
    CANCEL = "cancel"
    MERGE = "merge"
    SPLIT = "split"
    GRADE = "grade"
    NOTE = "note"


LEADS_TO = {
    Action.ASSIGN: Status.ASSIGNED,
    Action.START: Status.IN_PROGRESS,
    Action.WAIT: Status.PENDING,
    Action.RESUME: Status.IN_PROGRESS,
    Action.RESOLVE: Status.RESOLVED,
    Action.REOPEN: Status.IN_PROGRESS,
    Action.CLOSE: Status.CLOSED,
    Action.REJECT: Status.REJECTED,
    Action.CANCEL: Status.CANCELLED,
    Action.MERGE: Status.MERGED,
}
FROM = {
    Action.RESUME: frozenset([Status.PENDING]),
    Action.START: frozenset([Status.NEW, Status.ASSIGNED]),
    Action.REOPEN: frozenset([Status.RESOLVED]),
}
"""States in which an action makes sense, where the table alone would allow more."""
Line = Annotated[str, msgspec.Meta(max_length=2000)]
Name = Annotated[str, msgspec.Meta(max_length=128)]


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an action needs; most need little of it."""

    reason: Line = ""
    assignee: Name = ""
    into: Name = ""
    """merge: the ticket that goes on."""
    resume_at: Moment | None = None
    impact: Scope | None = None
    urgency: Level | None = None
    fault: Name = ""
    entity: Entity | None = None
    symptoms: Annotated[tuple[Key, ...], msgspec.Meta(max_length=1000)] = ()
    """split: the new ticket's root and the symptoms that go with it."""


class UnknownTicket(LookupError):
    """No ticket has this id."""


Fields = Callable[[Diagnosis], dict[str, object]]


class Actions:
    def __init__(self, desk: Desk, routing: Routing, fields: Fields, clock: Callable[[], float]) -> None:
        """``fields`` describes the ticket of a diagnosis."""
        self._desk = desk
        self._routing = routing
        self._fields = fields
        self._clock = clock

    def act(self, ticket_id: str, action: Action, request: Request, by: tuple[str, str]) -> Ticket:
        """The ticket afterwards, on disk. Raises Refused and UnknownTicket; then nothing has changed."""
        draft = self._desk.draft()
        try:
            ticket = draft.ticket(ticket_id)
        except KeyError:
            raise UnknownTicket(f"no ticket {ticket_id} can be worked on") from None
        now = self._clock()
        if action is Action.NOTE:
            _need(request.reason, "a note needs its text, as reason")
            draft.note(ticket_id, now, Note.NOTE, request.reason, by=by)
        elif action is Action.GRADE:
            self._grade(ticket, request, draft, now, by)
        elif action is Action.SPLIT:
            self._split(ticket, request, draft, now)
        else:
            self._move(ticket, action, request, draft, now, by)
        self._desk.commit(draft)
        return self._desk.tickets[ticket_id]

    def _move(  # noqa: PLR0917  # what every action gets
        self,
        ticket: Ticket,
        action: Action,
        request: Request,
        draft: Draft,
        now: float,
        by: tuple[str, str],
    ) -> None:
        if ticket.status not in FROM.get(action, frozenset(Status)):
            raise Refused(f"a ticket that is {ticket.status} cannot {action}")
        if action is Action.MERGE:
            _need(request.into in self._desk.tickets, f"no ticket {request.into} can take this one")
            _need(request.into != ticket.id, "a ticket cannot be merged into itself")
            _need(draft.ticket(request.into).open, f"ticket {request.into} is not open")
        if action is Action.REOPEN:
            _need(not _held(draft, ticket.root), "another open ticket is about the same root")
        draft.move(
            ticket.id,
            now,
            LEADS_TO[action],
            request.reason,
            by=by,
            assignee=request.assignee,
            parent=request.into if action is Action.MERGE else "",
        )
        if action is Action.WAIT:
            draft.set(ticket.id, now, request.reason, by=by, resume_at=request.resume_at)
        if action is Action.MERGE:
            keys = (*draft.ticket(request.into).watch, *ticket.watch)
            draft.watch(request.into, now, keys, "merged")
            draft.note(request.into, now, Note.ABSORBED, ticket.id, request.reason, by=by)

    def _grade(self, ticket: Ticket, request: Request, draft: Draft, now: float, by: tuple[str, str]) -> None:
        """A person's grade stays, and the priority follows from it."""
        _need(bool(request.impact or request.urgency), "grading needs impact or urgency")
        why = (request.reason,) if request.reason else ()
        impact = ticket.impact.value if request.impact is None else request.impact
        urgency = ticket.urgency.value if request.urgency is None else request.urgency
        if request.impact is not None:
            graded = Derived(value=request.impact, source="human", why=why)
            draft.set(ticket.id, now, request.reason, by=by, impact=graded)
        if request.urgency is not None:
            graded = Derived(value=request.urgency, source="human", why=why)
            draft.set(ticket.id, now, request.reason, by=by, urgency=graded)
        priority = self._routing.priority(impact, urgency)  # type: ignore[arg-type]  # both were checked when set
        draft.set(ticket.id, now, "impact × urgency", by=by, priority=priority)

    def _split(self, ticket: Ticket, request: Request, draft: Draft, now: float) -> None:
        _need(ticket.open, "only an open ticket can be split")
        diagnosis = self._desk.diagnoses.get(ticket.id)
        entity = request.entity or ""
        _need(bool(request.fault and entity), "splitting needs the fault and entity of the new ticket")
        _need(diagnosis is not None, "only a diagnosed ticket can be split")
        assert diagnosis is not None  # noqa: S101  # for the type checker; refused above
        root = Hypothesis(fault=request.fault, entity=entity, probability=0.0)
        apart = msgspec.structs.replace(diagnosis, root=root, entity=entity, members=(), hypotheses=(root,))
        try:
            fields = self._fields(apart)
        except KeyError:
            raise Refused(f"no fault is called {request.fault}") from None
        key = (request.fault, entity)
        _need(
            not any(other.open and other.root == key for other in draft.tickets()), "that root has a ticket"
        )
        made = draft.open(
            now, f"split from {ticket.id}", onset=ticket.onset, watch=request.symptoms, **fields
        )
        kept = (each for each in ticket.watch if each not in set(request.symptoms))
        draft.watch(ticket.id, now, kept, f"split into {made.id}")


def _held(draft: Draft, root: tuple[str, str]) -> bool:
    return any(other.open and other.root == root for other in draft.tickets())


def _need(given: bool | str, what: str) -> None:  # noqa: FBT001  # reads as a sentence
    if not given:
        raise Refused(what)


def possible(ticket: Ticket) -> tuple[Action, ...]:
    """What the table lets a person do with the ticket now."""
    moves = [
        action
        for action, status in LEADS_TO.items()
        if (ticket.status, status) in TRANSITIONS and ticket.status in FROM.get(action, frozenset(Status))
    ]
    more = [Action.SPLIT, Action.GRADE] if ticket.open else []
    return (*moves, *more, Action.NOTE)
