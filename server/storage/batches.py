"""The durable batch log, and the checkpoints that shorten it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, delete, func, insert, select

from server.storage.schema import batches, checkpoints

BatchRow = tuple[int, str, float, int, bytes]
"""(id, agent, received_at, last_seq, body)"""


def append(connection: Connection, rows: Sequence[BatchRow]) -> None:
    """The hot path: one driver call for all batches of a group."""
    connection.exec_driver_sql(
        "INSERT INTO batch_log (id, agent, received_at, last_seq, body) VALUES (?, ?, ?, ?, ?)", list(rows)
    )


def load_checkpoints(connection: Connection) -> list[tuple[str, int, bytes]]:
    """(agent, last batch held, state)"""
    rows = connection.execute(select(checkpoints.c.agent, checkpoints.c.upto, checkpoints.c.body))
    return [(row.agent, row.upto, row.body) for row in rows]


def replay(connection: Connection) -> Iterator[BatchRow]:
    """The log in the order in which it was applied."""
    result = connection.execution_options(yield_per=256).execute(select(batches).order_by(batches.c.id))
    for row in result:
        yield (row.id, row.agent, row.received_at, row.last_seq, row.body)


def last_id(connection: Connection) -> int:
    """The highest batch number ever given; 0 at first."""
    logged = connection.execute(select(func.max(batches.c.id))).scalar() or 0
    saved = connection.execute(select(func.max(checkpoints.c.upto))).scalar() or 0
    return int(max(logged, saved))


def save_checkpoints(connection: Connection, states: Sequence[tuple[str, int, bytes]]) -> None:
    for agent, upto, body in states:
        connection.execute(delete(checkpoints).where(checkpoints.c.agent == agent))
        connection.execute(insert(checkpoints).values(agent=agent, upto=upto, body=body))


def truncate(connection: Connection, upto: int) -> None:
    """Forgets what every agent's checkpoint holds."""
    connection.execute(delete(batches).where(batches.c.id <= upto))


def drop_agent(connection: Connection, agent: str) -> None:
    connection.execute(delete(checkpoints).where(checkpoints.c.agent == agent))
    connection.execute(delete(batches).where(batches.c.agent == agent))
