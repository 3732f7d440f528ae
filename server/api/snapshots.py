"""What the hosts of a ticket were doing when it was opened: the flight recorders' snapshots."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import get
from litestar.exceptions import NotFoundException
from litestar.params import PathParameter

from server.desk.shown import iso
from server.ingest.body import gunzip
from server.parts import Parts
from server.storage.snapshots import snapshots_between
from server.storage.tickets import read_ticket
from wire.codec import decode
from wire.exchange import MAX_SNAPSHOT, Snapshot

Number = Annotated[int, PathParameter(ge=1, le=2**31)]
AFTER = 60.0
"""Seconds after a ticket's end in which a snapshot may still arrive."""


class SnapshotShown(msgspec.Struct, frozen=True):
    """One snapshot: times in ISO 8601, text by section. The text is the host's, and hostile."""

    host: str
    at: str | None
    received_at: str | None
    sections: dict[str, str]


@get("/api/v1/tickets/{number:int}/snapshots", summary="The flight recorder's text", sync_to_thread=True)
def get_snapshots(parts: Parts, number: Number) -> list[SnapshotShown]:
    """Of the ticket's hosts, taken while it was open; the earliest first. 404 for no such ticket."""
    found = snapshots_of(parts, number)
    if found is None:
        raise NotFoundException(f"no ticket has the number {number}")
    return found


def snapshots_of(parts: Parts, number: int) -> list[SnapshotShown] | None:
    """None where there is no such ticket."""
    with parts.database.reading() as connection:
        ticket = read_ticket(connection, number)
        if ticket is None:
            return None
        end = parts.now() if ticket.open else (ticket.resolved_at or ticket.updated_at) + AFTER
        rows = snapshots_between(connection, ticket.hosts, ticket.opened_at, end)
    return [
        SnapshotShown(
            host=row.host,
            at=iso(row.at),
            received_at=iso(row.received_at),
            sections=decode(gunzip(row.body, 2 * MAX_SNAPSHOT), Snapshot).sections,
        )
        for row in rows
    ]


ROUTES = [get_snapshots]
