"""Rows of agents and of the one-time tokens by which they enrol."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update

from server.storage.schema import agents, batches, enrolment_tokens

ON_ITS_WAY = 10_000
KEPT = 30 * 86400.0
"""Seconds for which a token stays on record after its time: who enrolled by what."""


class AgentRow(msgspec.Struct, frozen=True):
    """One enrolled agent."""

    id: str
    host: str
    secret_hash: bytes
    revoked: bool


def load_agents(connection: Connection) -> list[AgentRow]:
    rows = connection.execute(
        select(agents.c.id, agents.c.host, agents.c.secret_hash, agents.c.revoked_at)
    ).all()
    return [AgentRow(row.id, row.host, row.secret_hash, row.revoked_at is not None) for row in rows]


def add_agent(connection: Connection, row: AgentRow, boot_id: str, now: float) -> int:
    """Returns the number above which its observations are numbered: none is given twice to one host."""
    start = _given(connection, row.host)
    connection.execute(
        insert(agents).values(
            id=row.id,
            host=row.host,
            secret_hash=row.secret_hash,
            boot_id=boot_id,
            enrolled_at=now,
            start=start,
        )
    )
    return start


def revoke_agent(connection: Connection, agent: str, mark: int, now: float) -> bool:
    """False when there is no such agent, or it was revoked before. ``mark``: its highest number applied."""
    logged = connection.execute(select(func.max(batches.c.last_seq)).where(batches.c.agent == agent)).scalar()
    done = connection.execute(
        update(agents)
        .where(agents.c.id == agent, agents.c.revoked_at.is_(None))
        .values(revoked_at=now, last_seq=max(mark, logged or 0))
    )
    return done.rowcount == 1


def _given(connection: Connection, host: str) -> int:
    """Above all that earlier agents of the host can have used, what was on its way included; 0 for none."""
    rows = connection.execute(
        select(func.max(agents.c.start), func.max(agents.c.last_seq)).where(agents.c.host == host)
    ).one()
    return 0 if rows[0] is None else max(rows[0], rows[1]) + ON_ITS_WAY


def agents_of(connection: Connection, host: str) -> list[str]:
    """Those of this host that may still speak."""
    found = connection.execute(
        select(agents.c.id).where(agents.c.host == host, agents.c.revoked_at.is_(None))
    )
    return [str(row.id) for row in found]


def add_token(connection: Connection, digest: bytes, host: str, now: float, expires_at: float) -> None:
    """Those that are too old go at the same time."""
    connection.execute(delete(enrolment_tokens).where(enrolment_tokens.c.expires_at < now - KEPT))
    connection.execute(
        insert(enrolment_tokens).values(hash=digest, host=host, made_at=now, expires_at=expires_at)
    )


def token_host(connection: Connection, digest: bytes, now: float) -> str | None:
    """The host that the token is for ("" any); None when it is unknown, used or too old."""
    row = connection.execute(
        select(enrolment_tokens.c.host).where(
            enrolment_tokens.c.hash == digest,
            enrolment_tokens.c.used_at.is_(None),
            enrolment_tokens.c.expires_at > now,
        )
    ).first()
    return None if row is None else str(row.host)


def use_token(connection: Connection, digest: bytes, agent: str, now: float) -> None:
    connection.execute(
        update(enrolment_tokens).where(enrolment_tokens.c.hash == digest).values(used_at=now, agent=agent)
    )
