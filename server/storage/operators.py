"""Rows of operators and of their sessions."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, delete, insert, or_, select, update

from server.storage.schema import operators, sessions


class SessionRow(msgspec.Struct, frozen=True):
    """One signed-in browser."""

    operator: str
    csrf: str
    began_at: float
    seen_at: float


def password_hash(connection: Connection, name: str) -> str | None:
    row = connection.execute(select(operators.c.password_hash).where(operators.c.name == name)).first()
    return None if row is None else str(row.password_hash)


def set_password_hash(connection: Connection, name: str, encoded: str, now: float) -> None:
    """A new password also ends every session of that operator."""
    changed = connection.execute(
        update(operators).where(operators.c.name == name).values(password_hash=encoded, changed_at=now)
    )
    if changed.rowcount == 0:
        connection.execute(insert(operators).values(name=name, password_hash=encoded, changed_at=now))
    connection.execute(delete(sessions).where(sessions.c.operator == name))


def add_session(connection: Connection, digest: bytes, operator: str, csrf: str, now: float) -> None:
    connection.execute(
        insert(sessions).values(hash=digest, operator=operator, csrf=csrf, began_at=now, seen_at=now)
    )


def find_session(connection: Connection, digest: bytes) -> SessionRow | None:
    row = connection.execute(
        select(sessions.c.operator, sessions.c.csrf, sessions.c.began_at, sessions.c.seen_at).where(
            sessions.c.hash == digest
        )
    ).first()
    return None if row is None else SessionRow(row.operator, row.csrf, row.began_at, row.seen_at)


def touch_session(connection: Connection, digest: bytes, now: float) -> None:
    connection.execute(update(sessions).where(sessions.c.hash == digest).values(seen_at=now))


def end_session(connection: Connection, digest: bytes) -> None:
    connection.execute(delete(sessions).where(sessions.c.hash == digest))


def drop_old_sessions(connection: Connection, began_before: float, seen_before: float) -> None:
    connection.execute(
        delete(sessions).where(or_(sessions.c.began_at < began_before, sessions.c.seen_at < seen_before))
    )
