"""Tickets, their events, diagnoses and cited observations on disk."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from sqlalchemy import Connection, bindparam, delete, func, insert, or_, select, update

from rules.diagnosis import Diagnosis
from rules.report.view import Cited
from server.desk.draft import Draft
from server.desk.states import Status
from server.desk.ticket import Event, Ticket, fold
from server.storage.desk_schema import cited, diagnoses, ticket_events, tickets


def _text(content: object) -> str:
    return msgspec.json.encode(content).decode()


def write_draft(connection: Connection, draft: Draft) -> None:
    """All of it, in the caller's transaction. A key is let go of before another ticket takes it."""
    changed = sorted(
        draft.changed.values(), key=lambda ticket: (ticket.active_key is not None, int(ticket.id))
    )
    known = _known(connection, [int(ticket.id) for ticket in changed])
    held = [number for number in known if number]
    if held:
        connection.execute(update(tickets).where(tickets.c.id.in_(held)).values(active_key=None))
    for ticket in changed:
        row = _row(ticket)
        if row["id"] in known:
            connection.execute(update(tickets).where(tickets.c.id == row["id"]).values(row))
        else:
            connection.execute(insert(tickets).values(row))
    if draft.events:
        connection.execute(
            insert(ticket_events),
            [
                {"ticket": int(each.ticket), "seq": each.seq, "at": each.at, "body": _text(each)}
                for each in draft.events
            ],
        )
    if draft.diagnoses:
        connection.execute(
            insert(diagnoses),
            [
                {"ticket": int(ticket), "number": number, "at": at, "body": _text(diagnosis)}
                for ticket, number, at, diagnosis in draft.diagnoses
            ],
        )
    _write_cited(connection, draft.cited)


def _known(connection: Connection, ids: list[int]) -> set[int]:
    return set(connection.execute(select(tickets.c.id).where(tickets.c.id.in_(ids))).scalars())


def _row(ticket: Ticket) -> dict[str, object]:
    return {
        "id": int(ticket.id),
        "status": ticket.status.value,
        "active_key": ticket.active_key,
        "opened_at": ticket.opened_at,
        "updated_at": ticket.updated_at,
        "body": _text(ticket),
    }


def _write_cited(connection: Connection, observations: Iterable[tuple[str, Cited]]) -> None:
    """The latest wording of each observation replaces the one before."""
    latest = {(int(ticket), each.id): each for ticket, each in observations}
    if latest:
        one = delete(cited).where(cited.c.ticket == bindparam("of"), cited.c.id == bindparam("named"))
        connection.execute(one, [{"of": ticket, "named": name} for ticket, name in latest])
        connection.execute(
            insert(cited),
            [{"ticket": key[0], "id": key[1], "body": _text(each)} for key, each in latest.items()],
        )


def read_tickets(
    connection: Connection, *, only_open: bool = False, since: float = 0.0, limit: int = 100_000
) -> list[Ticket]:
    """Newest first: those that are open, and unless ``only_open`` those not closed or changed ``since``."""
    is_open = tickets.c.active_key.is_not(None)
    may_close = tickets.c.status == Status.RESOLVED.value
    wanted = is_open if only_open else or_(is_open, may_close, tickets.c.updated_at >= since)
    query = select(tickets.c.body).where(wanted).order_by(tickets.c.id.desc()).limit(limit)
    return [msgspec.json.decode(body, type=Ticket) for body in connection.execute(query).scalars()]


def read_ticket(connection: Connection, number: int) -> Ticket | None:
    body = connection.execute(select(tickets.c.body).where(tickets.c.id == number)).scalar()
    return None if body is None else msgspec.json.decode(body, type=Ticket)


def read_events(connection: Connection, number: int) -> list[Event]:
    query = select(ticket_events.c.body).where(ticket_events.c.ticket == number).order_by(ticket_events.c.seq)
    return [msgspec.json.decode(body, type=Event) for body in connection.execute(query).scalars()]


def read_diagnosis(connection: Connection, number: int) -> Diagnosis | None:
    """The latest one of the ticket."""
    query = (
        select(diagnoses.c.body)
        .where(diagnoses.c.ticket == number)
        .order_by(diagnoses.c.number.desc())
        .limit(1)
    )
    body = connection.execute(query).scalar()
    return None if body is None else msgspec.json.decode(body, type=Diagnosis)


def read_latest_diagnoses(connection: Connection) -> dict[str, Diagnosis]:
    """The latest diagnosis of each ticket that has one."""
    latest = select(diagnoses.c.ticket, func.max(diagnoses.c.number).label("number")).group_by(
        diagnoses.c.ticket
    )
    newest = latest.subquery()
    query = select(diagnoses.c.ticket, diagnoses.c.body).join(
        newest, (newest.c.ticket == diagnoses.c.ticket) & (newest.c.number == diagnoses.c.number)
    )
    return {
        str(ticket): msgspec.json.decode(body, type=Diagnosis) for ticket, body in connection.execute(query)
    }


def read_cited(connection: Connection, number: int) -> list[Cited]:
    query = select(cited.c.body).where(cited.c.ticket == number).order_by(cited.c.id)
    return [msgspec.json.decode(body, type=Cited) for body in connection.execute(query).scalars()]


def read_sequences(connection: Connection) -> tuple[dict[str, int], int]:
    """The last event number of each ticket, and the number of the next ticket."""
    query = select(ticket_events.c.ticket, func.max(ticket_events.c.seq)).group_by(ticket_events.c.ticket)
    last = {str(ticket): seq for ticket, seq in connection.execute(query)}
    return last, 1 + (connection.execute(select(func.max(tickets.c.id))).scalar() or 0)


def repair(connection: Connection) -> list[str]:
    """Recomputes every ticket from its events; returns the ids of those that differed."""
    mended = []
    for number in list(connection.execute(select(tickets.c.id)).scalars()):
        truth = fold(read_events(connection, number))
        if read_ticket(connection, number) != truth:
            connection.execute(update(tickets).where(tickets.c.id == number).values(_row(truth)))
            mended.append(str(number))
    return mended
