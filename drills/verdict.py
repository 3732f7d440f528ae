"""What tickets there are, beside what tickets there must be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from drills.drill import Answer, Expected

Ticket = dict[str, Any]


def difference(expected: Sequence[Expected], also: Sequence[Answer], tickets: Sequence[Ticket]) -> str:
    """How the tickets differ from those expected, or nothing. Each expectation has one ticket at most."""
    left = [ticket for ticket in tickets if not any(is_about(ticket, one) for one in also)]
    missing: list[Expected] = []
    misfiled: list[str] = []
    for one in expected:
        right = next((ticket for ticket in left if answers(ticket, one)), None)
        if right is not None:
            left.remove(right)
            misfiled.append(wrongly_filed(one, right))
        elif not one.optional:
            missing.append(one)
    parts = [
        f"no ticket about {', '.join(f'{one.fault} {one.entity}' for one in missing)}" if missing else "",
        f"opened {names(left)}" if left else "",
        *misfiled,
    ]
    return "; ".join(part for part in parts if part)


def answers(ticket: Ticket, expected: Expected) -> bool:
    return any(is_about(ticket, one) for one in (expected, *expected.or_))


def is_about(ticket: Ticket, answer: Answer) -> bool:
    return answer_of(ticket) == (answer.fault, answer.entity)


def wrongly_filed(expected: Expected, ticket: Ticket) -> str:
    """How class and priority differ from those expected, or nothing."""
    wanted: dict[str, str | None] = {
        "domain": expected.domain,
        "type": expected.type,
        "priority": expected.priority,
    }
    for other in expected.or_:
        if is_about(ticket, other):
            wanted |= {"domain": other.domain or expected.domain, "type": other.type or expected.type}
    wrong = [
        f"{field} {ticket.get(field)} instead of {value}"
        for field, value in wanted.items()
        if value is not None and ticket.get(field) != value
    ]
    return f"{name_of(ticket)} has {', '.join(wrong)}" if wrong else ""


def misdated(expected: Sequence[Expected], tickets: Sequence[Ticket], harmed: Sequence[float]) -> str:
    """Which ticket tells a time when no harm began, or nothing. Seconds since the epoch."""
    for one in expected:
        for ticket in tickets:
            onset = onset_of(ticket)
            if one.onset_within is None or onset is None or not answers(ticket, one):
                continue
            late = min((onset - moment for moment in harmed), key=abs, default=0.0)
            if abs(late) > one.onset_within:
                return f"{name_of(ticket)} says that it began {late:+.0f} s from a harm"
    return ""


def answer_of(ticket: Ticket) -> tuple[str, str]:
    return str(ticket["fault"]), str(ticket["entity"])


def name_of(ticket: Ticket) -> str:
    return " ".join(answer_of(ticket))


def names(tickets: Sequence[Ticket]) -> str:
    return ", ".join(name_of(ticket) for ticket in tickets)


def onset_of(ticket: Ticket) -> float | None:
    """When its first symptom began, else when it was opened; seconds since the epoch."""
    moment = ticket.get("onset") or ticket.get("opened_at")
    if isinstance(moment, str):
        return datetime.fromisoformat(moment).timestamp()
    return float(moment) if isinstance(moment, int | float) else None
