"""The durable batch log, and the checkpoints that shorten it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, delete, func, insert, select

from server.storage.schema import batches, checkpoints, checkpoints_before

BatchRow = tuple[int, str, float, int, bytes]
"""(id, agent, received_at, last_seq, body)"""


def append(connection: Connection, rows: Sequence[BatchRow]) -> None:
    """The hot path: one driver call for all batches of a group."""
    connection.exec_driver_sql(
        "INSERT INTO batch_log (id, agent, received_at, last_seq, body) VALUES (?, ?, ?, ?, ?)", list(rows)
    )


def load_checkpoints(connection: Connection, *, before: bool = False) -> list[tuple[str, int, bytes]]:
    """(agent, last batch held, state); ``before``: of the checkpoint before the last."""
    table = checkpoints_before if before else checkpoints
    rows = connection.execute(select(table.c.agent, table.c.upto, table.c.body))
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
    """The one that each agent had becomes the one before."""
    same = ("agent", "upto", "body")
    for agent, upto, body in states:
        had = select(*(checkpoints.c[name] for name in same)).where(checkpoints.c.agent == agent)
        connection.execute(delete(checkpoints_before).where(checkpoints_before.c.agent == agent))
        connection.execute(insert(checkpoints_before).from_select(same, had))
        connection.execute(delete(checkpoints).where(checkpoints.c.agent == agent))
        connection.execute(insert(checkpoints).values(agent=agent, upto=upto, body=body))


def truncate(connection: Connection) -> None:
    """Forgets what even the checkpoint before the last of every agent holds."""
    held = select(func.min(checkpoints_before.c.upto)).scalar_subquery()
    connection.execute(delete(batches).where(batches.c.id <= held))


def drop_agent(connection: Connection, agent: str) -> None:
    for table in (checkpoints, checkpoints_before, batches):
        connection.execute(delete(table).where(table.c.agent == agent))
