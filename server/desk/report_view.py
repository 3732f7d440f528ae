"""Gathers what a ticket's report shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rules.diagnosis import Diagnosis, cited_ids
from rules.report.view import Cited, Happening, ReportView, TicketFacts
from server.desk.change import Change
from server.desk.routing import Routing
from server.desk.ticket import Event, Note, Ticket
from server.desk.wording import plain
from wire.inventory import Inventory

QUIET = frozenset(["diagnosis", "verdict", "probability", "watch", "root", "title", "relapses", "hosts"])
"""Fields whose changes would fill the timeline and tell nobody anything."""
MAX_TIMELINE = 200
SHORTLY = 86_400.0
"""Seconds before the first symptom within which a change of packages is worth telling."""
MOST_CHANGES = 20


def report_view(
    ticket: Ticket,
    diagnosis: Diagnosis,
    *,
    events: list[Event],
    observations: list[Cited],
    routing: Routing,
    language: str,
    now: float,
    inventories: Iterable[Inventory] = (),
    changes: Iterable[Change] = (),
) -> ReportView:
    """``inventories`` and ``changes``: those of the ticket's hosts are among them."""
    proofs = [event for event in events if event.what == Note.PROVED]
    proof = tuple(proofs[-1].after) if proofs and ticket.resolved_at is not None else ()
    return ReportView(
        ticket=TicketFacts(
            id=ticket.id,
            status=ticket.status.value,
            fault=ticket.fault,
            entity=ticket.entity,
            domain=ticket.domain,
            type=ticket.type,
            impact=ticket.impact.value,
            urgency=ticket.urgency.value,
            priority=ticket.priority,
            team=routing.team_name(ticket.team).get(language, ticket.team),
            hosts=ticket.hosts,
            why=(*ticket.impact.why, *ticket.urgency.why),
            opened_at=ticket.opened_at,
            updated_at=ticket.updated_at,
            resolved_at=ticket.resolved_at,
            earlier=ticket.earlier,
            proposes_problem=ticket.proposes_problem,
        ),
        diagnosis=diagnosis,
        observations=_worth_showing(observations, {*cited_ids(diagnosis), *proof}),
        timeline=_timeline(ticket, events, [*_packages(ticket, inventories), *_told(ticket, changes)]),
        proof=proof,
        at=now,
    )


def told_between(ticket: Ticket, now: float) -> tuple[float, float]:
    """From when until when what was changed belongs to the story of a ticket."""
    return ticket.onset - SHORTLY, ticket.resolved_at or now


def _timeline(ticket: Ticket, events: list[Event], changes: list[Happening]) -> tuple[Happening, ...]:
    """What became of the ticket, and what was changed there from shortly before until it ended."""
    told = [_happening(event) for event in events if _tells(event)][-MAX_TIMELINE:]
    since, until = told_between(ticket, float("inf"))
    near = sorted((each for each in changes if since <= each.at <= until), key=_moment)
    return tuple(sorted((*told, *near[-MOST_CHANGES:]), key=_moment))


def _moment(each: Happening) -> float:
    return each.at


def _packages(ticket: Ticket, inventories: Iterable[Inventory]) -> Iterator[Happening]:
    for one in inventories:
        for change in one.package_changes if one.host in ticket.hosts else ():
            what = plain(f"{change.name} {change.version}".rstrip())
            yield Happening(at=change.at, actor=plain(one.host), what=plain(change.action), text=what)


def _told(ticket: Ticket, changes: Iterable[Change]) -> Iterator[Happening]:
    for change in changes:
        if change.concerns(ticket.entity, ticket.hosts):
            text = plain(f"{change.entity}: {change.what}")
            yield Happening(at=change.at, actor=plain(change.actor), what="change", text=text)


def _worth_showing(observations: list[Cited], named: set[str]) -> tuple[Cited, ...]:
    """What the report names, and of everything else that was ever cited the last that each look said."""
    last = {(each.host, each.signal, each.subject): each.id for each in observations}
    return tuple(
        each
        for each in observations
        if each.id in named or last[each.host, each.signal, each.subject] == each.id
    )


def _tells(event: Event) -> bool:
    """Not so a value that was derived anew and is what it was."""
    unchanged = event.before is not None and _short(event.before) == _short(event.after)
    return event.what not in QUIET and not unchanged


def _happening(event: Event) -> Happening:
    return Happening(at=event.at, actor=event.actor, what=event.what, text=_text(event))


def _text(event: Event) -> str:
    if event.what == Note.OPENED:
        return plain(event.reason.removeprefix(f"{Note.OPENED}: "))
    if event.what == Note.MOVED:
        before, after = event.after["from"], event.after["to"]
        return plain(f"{' '.join(before)} → {' '.join(after)}")
    if event.what == Note.PROVED:
        return plain(", ".join(event.after))
    if event.before is None:
        return plain(f"{_short(event.after)} {event.reason}".strip())
    change = f"{_short(event.before)} → {_short(event.after)}"
    return plain(f"{change} ({event.reason})" if event.reason else change)


def _short(value: object) -> str:
    """A derived value is told by its value."""
    return str(value.get("value", value)) if isinstance(value, dict) else str(value)
