"""The flight recorders' snapshots: the newest few of each host, so that a disk of any size is enough."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, delete, insert, select

from server.storage.schema import snapshots

PER_HOST = 10
SHOWN = 10


class SnapshotRow(msgspec.Struct, frozen=True):
    """One snapshot of one host. Times are the server's, but for ``at``, the agent's."""

    host: str
    at: float
    received_at: float
    body: bytes
    """gzip of the JSON of a wire.exchange.Snapshot"""


def add_snapshot(connection: Connection, row: SnapshotRow) -> None:
    """The oldest of the host give way."""
    connection.execute(insert(snapshots).values(msgspec.structs.asdict(row)))
    kept = (
        select(snapshots.c.id)
        .where(snapshots.c.host == row.host)
        .order_by(snapshots.c.id.desc())
        .limit(PER_HOST)
    )
    connection.execute(delete(snapshots).where(snapshots.c.host == row.host, snapshots.c.id.not_in(kept)))


def snapshots_between(
    connection: Connection, hosts: Sequence[str], begin: float, end: float
) -> list[SnapshotRow]:
    """Those received in that time, the earliest first: it is nearest to the beginning of the fault."""
    rows = connection.execute(
        select(snapshots.c.host, snapshots.c.at, snapshots.c.received_at, snapshots.c.body)
        .where(snapshots.c.host.in_(hosts), snapshots.c.received_at.between(begin, end))
        .order_by(snapshots.c.id)
        .limit(SHOWN)
    )
    return [SnapshotRow(row.host, row.at, row.received_at, row.body) for row in rows]
