"""A ticket as programs see it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from rules.diagnosis import Diagnosis, Hypothesis, Step
from rules.report.view import Cited
from server.desk.ticket import Derived, Event, Ticket

MAX_HYPOTHESES = 10


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What is thought of the cause, best first."""

    verdict: str
    probability: float
    hypotheses: tuple[Hypothesis, ...] = ()


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the list of tickets. Moments are ISO 8601 in UTC."""

    id: str
    status: str
    status_reason: str
    title: str
    fault: str
    entity: str
    domain: str
    type: str
    impact: str
    urgency: str
    priority: str
    team: str
    assignee: str
    hosts: tuple[str, ...]
    onset: str
    opened_at: str
    updated_at: str
    resolved_at: str | None
    unstable: bool
    reopened: int
    merged_into: str
    recurrence_of: str
    earlier: tuple[str, ...]
    """Tickets about the same root that were opened within the thirty days before."""
    proposes_problem: bool
    """The third one within thirty days, or a later one."""
    diagnosis: Verdict


class Whole(Shown, frozen=True, kw_only=True):
    """One ticket with its story."""

    titles: dict[str, str]
    derived: dict[str, Derived]
    symptoms: tuple[tuple[str, str, str], ...]
    events: tuple[Event, ...] = ()
    steps: tuple[Step, ...] = ()
    observations: tuple[Cited, ...] = ()
    actions: tuple[str, ...] = ()
    """What may be done with it now."""


def iso(moment: float | None) -> str | None:
    if moment is None:
        return None
    return datetime.fromtimestamp(moment, tz=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def shown(ticket: Ticket, diagnosis: Diagnosis | None, language: str) -> Shown:
    return Shown(**_fields(ticket, diagnosis, language))


def whole(
    ticket: Ticket,
    diagnosis: Diagnosis | None,
    language: str,
    *,
    events: list[Event],
    observations: list[Cited],
    actions: tuple[str, ...],
) -> Whole:
    return Whole(
        **_fields(ticket, diagnosis, language),
        titles=ticket.title,
        derived={"impact": ticket.impact, "urgency": ticket.urgency},
        symptoms=ticket.watch,
        events=tuple(events),
        steps=diagnosis.steps if diagnosis is not None else (),
        observations=tuple(observations),
        actions=actions,
    )


def _fields(ticket: Ticket, diagnosis: Diagnosis | None, language: str) -> dict[str, Any]:
    hypotheses = diagnosis.hypotheses[:MAX_HYPOTHESES] if diagnosis is not None else ()
    same = ("id", "fault", "entity", "domain", "type", "priority", "team", "assignee", "hosts")
    more = (
        "status_reason",
        "unstable",
        "reopened",
        "merged_into",
        "recurrence_of",
        "earlier",
        "proposes_problem",
    )
    return {
        **{name: getattr(ticket, name) for name in (*same, *more)},
        "status": ticket.status.value,
        "title": ticket.title.get(language) or ticket.title["en"],
        "impact": ticket.impact.value,
        "urgency": ticket.urgency.value,
        "onset": iso(ticket.onset),
        "opened_at": iso(ticket.opened_at),
        "updated_at": iso(ticket.updated_at),
        "resolved_at": iso(ticket.resolved_at),
        "diagnosis": Verdict(
            verdict=ticket.verdict.value, probability=ticket.probability, hypotheses=hypotheses
        ),
    }
