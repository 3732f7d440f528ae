"""What people declared: the site, the windows in which work is planned, and what they changed."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, insert, select, update

from rules.topology import Site
from server.desk.change import Change
from server.desk.maintenance import Window
from server.storage.desk_schema import changes, sites, windows

MAX_CHANGES = 1000
"""Read at once: of a whole site, also where only those that concern one ticket are wanted."""


def write_site(connection: Connection, site: Site, actor: str, at: float) -> None:
    """A new row each time, so that it can be seen who declared what and when."""
    body = msgspec.json.encode(site).decode()
    connection.execute(insert(sites).values(at=at, actor=actor, body=body))


def read_site(connection: Connection) -> tuple[Site, float] | None:
    """The latest declaration, and when it was made."""
    latest = select(sites.c.body, sites.c.at).order_by(sites.c.id.desc()).limit(1)
    row = connection.execute(latest).one_or_none()
    return None if row is None else (msgspec.json.decode(row.body, type=Site), row.at)


def read_sites(connection: Connection, since: float) -> list[tuple[Site, float]]:
    """The declaration that stood then, and those made after it."""
    query = select(sites.c.body, sites.c.at).order_by(sites.c.id)
    found = [(row.body, row.at) for row in connection.execute(query)]
    first = max((index for index, (_, at) in enumerate(found) if at <= since), default=0)
    return [(msgspec.json.decode(body, type=Site), at) for body, at in found[first:]]


def write_window(connection: Connection, window: Window) -> Window:
    """Returns it with its number."""
    fields = msgspec.to_builtins(window)
    del fields["id"]
    number = connection.execute(insert(windows).values(fields).returning(windows.c.id)).scalar_one()
    return msgspec.structs.replace(window, id=number)


def cancel_window(connection: Connection, number: int, at: float) -> bool:
    """False when there is no such window, or it was cancelled before."""
    done = connection.execute(
        update(windows)
        .where(windows.c.id == number, windows.c.cancelled_at.is_(None))
        .values(cancelled_at=at)
    )
    return done.rowcount > 0


def read_windows(connection: Connection, after: float = 0.0) -> list[Window]:
    """Those that end after the moment, cancelled ones left out."""
    query = (
        select(windows)
        .where(windows.c.ends_at >= after, windows.c.cancelled_at.is_(None))
        .order_by(windows.c.starts_at)
    )
    rows = connection.execute(query).mappings()
    return [Window(**{str(name): value for name, value in row.items()}) for row in rows]


def write_change(connection: Connection, change: Change) -> Change:
    """Returns it with its number."""
    fields = msgspec.to_builtins(change)
    del fields["id"]
    number = connection.execute(insert(changes).values(fields).returning(changes.c.id)).scalar_one()
    return msgspec.structs.replace(change, id=number)


def read_changes(connection: Connection, since: float, until: float, limit: int) -> list[Change]:
    """The latest ``limit`` between two moments, the latest first."""
    query = (
        select(changes).where(changes.c.at.between(since, until)).order_by(changes.c.at.desc()).limit(limit)
    )
    rows = connection.execute(query).mappings()
    return [Change(**{str(name): value for name, value in row.items()}) for row in rows]
