"""A ticket is the fold of its events; nothing about it is stored that they do not tell."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from functools import cache
from typing import Any, Literal, get_type_hints

import msgspec

from rules.classification import Domain
from rules.diagnosis import Certainty, Key
from server.desk.states import OPEN, Status

Level = Literal["high", "medium", "low"]
Scope = Literal["enterprise", "department", "person"]
Priority = Literal["urgent", "high", "medium", "low"]
PROBLEM_FROM = 3
"""Tickets about one root within thirty days that propose a problem."""
Words = dict[str, str]
"""One text in several languages: ``{"en": …, "zh": …}``."""


class Derived(msgspec.Struct, frozen=True, kw_only=True):
    """A value that was worked out, and how."""

    value: str
    source: Literal["rule", "model", "human"] = "rule"
    confidence: float = 1.0
    why: tuple[str, ...] = ()


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one ticket now. Times are seconds by the server's clock."""

    id: str
    status: Status = Status.NEW
    status_reason: str = ""
    title: Words
    fault: str
    entity: str
    domain: Domain
    type: str
    impact: Derived
    urgency: Derived
    priority: Priority
    team: str
    assignee: str = ""
    hosts: tuple[str, ...] = ()
    opened_at: float
    updated_at: float
    resolved_at: float | None = None
    onset: float
    root: tuple[str, str]
    """(fault, entity) of the diagnosed root; while the ticket is open nobody else may hold it."""
    diagnosis: int = 0
    """Number of the latest stored diagnosis."""
    verdict: Certainty = Certainty.INCONCLUSIVE
    probability: float = 0.0
    watch: tuple[Key, ...] = ()
    """The symptoms that must pass again before it is resolved."""
    merged_into: str = ""
    recurrence_of: str = ""
    earlier: tuple[str, ...] = ()
    """Tickets about the same root that were opened within the thirty days before, the first one first."""
    resume_at: float | None = None
    reopened: int = 0
    relapses: tuple[float, ...] = ()
    """When its symptoms came back while it was being proved or after it was resolved; the last eight."""
    unstable: bool = False

    @property
    def open(self) -> bool:
        return self.status in OPEN

    @property
    def proposes_problem(self) -> bool:
        """It comes back so often that its cause deserves work of its own."""
        return len(self.earlier) + 1 >= PROBLEM_FROM

    @property
    def active_key(self) -> str | None:
        """Unique among tickets; None once the ticket is no longer worked on."""
        return "\x1f".join(self.root) if self.open else None


class Note(StrEnum):
    """Events that tell something without changing a field."""

    OPENED = "opened"
    NOTE = "note"
    MOVED = "moved"
    ABSORBED = "absorbed"
    PROVED = "proved"
    SNAPSHOT = "snapshot"


class Event(msgspec.Struct, frozen=True, kw_only=True, rename={"before": "from", "after": "to"}):
    """One change of one ticket. ``what`` is a field of Ticket or a Note."""

    ticket: str
    seq: int
    at: float
    actor: str
    channel: str
    what: str
    before: Any = None
    after: Any = None
    reason: str = ""


@cache
def _types() -> dict[str, Any]:
    return get_type_hints(Ticket)


def apply_event(ticket: Ticket | None, event: Event) -> Ticket:
    """The ticket after the event; None stands for the ticket before it was opened."""
    if event.what == Note.OPENED:
        return msgspec.convert(event.after, Ticket)
    if ticket is None:
        raise ValueError(f"ticket {event.ticket}: event {event.seq} comes before the opening")
    changes: dict[str, Any] = {"updated_at": event.at}
    if event.what in _types():
        changes[event.what] = _converted(ticket, event)
    if event.what == "status":
        changes["status_reason"] = event.reason
        changes["resolved_at"] = event.at if event.after == Status.RESOLVED else _kept(ticket, event)
    return msgspec.structs.replace(ticket, **changes)


def _converted(ticket: Ticket, event: Event) -> Any:
    if event.what != "watch":
        return msgspec.convert(event.after, _types()[event.what])
    # A storm's list would be written again with each symptom; the event holds the difference only.
    dropped = {tuple(key) for key in event.before}
    added = msgspec.convert(event.after, tuple[Key, ...])
    return (*(key for key in ticket.watch if key not in dropped), *added)


def _kept(ticket: Ticket, event: Event) -> float | None:
    """Closing keeps the time of the repair; working on it again forgets it."""
    return ticket.resolved_at if event.after == Status.CLOSED else None


def fold(events: Iterable[Event]) -> Ticket:
    """The ticket that its events tell. Raises ValueError for no events."""
    ticket: Ticket | None = None
    for event in events:
        ticket = apply_event(ticket, event)
    if ticket is None:
        raise ValueError("a ticket without events")
    return ticket
