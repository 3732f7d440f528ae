"""Keeps the batch log short: from time to time the current state itself is written down."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from functools import partial

import structlog
from sqlalchemy import Connection

from server.auth.agents import Agents
from server.current import CurrentState
from server.ingest.body import stored
from server.ingest.intake import Intake
from server.metrics import Metrics
from server.storage import batches
from server.storage.database import Database
from wire.codec import Malformed, decode
from wire.exchange import MAX_BODY, Batch

EVERY = 30.0
"""Seconds between two looks at whether a checkpoint is due."""
ENOUGH_BYTES = 16 * 1024 * 1024
"""Of logged bodies, after which one is due: replaying them takes well under a second."""
AT_LEAST_EVERY = 300.0
CHUNK = 64
_log = structlog.get_logger("checkpoint")


def rebuild(database: Database, current: CurrentState, agents: Agents) -> int:
    """The current state as it was at the last commit; returns the number of batches replayed."""
    held: dict[str, int] = {}
    replayed = 0
    hosts = agents.hosts()
    for agent, host in hosts.items():
        current.admit(agent, host)
    with database.reading() as connection:
        for agent, upto, body in batches.load_checkpoints(connection):
            if agent in hosts:
                current.restore(body)
                held[agent] = upto
        for number, agent, received_at, _last_seq, body in batches.replay(connection):
            if agent not in hosts or number <= held.get(agent, 0):
                continue
            try:
                current.apply(decode(stored(body, MAX_BODY), Batch), received_at)
            except Malformed as error:
                # Written by another version: the agent's digest will differ, and a resync puts it right.
                _log.warning("a logged batch cannot be read", batch=number, agent=agent, error=str(error))
            replayed += 1
    return replayed


class Checkpointer:
    """One loop in the event loop's thread; writes by the writer."""

    def __init__(self, database: Database, current: CurrentState, intake: Intake, metrics: Metrics) -> None:
        self._database = database
        self._current = current
        self._intake = intake
        self._metrics = metrics
        self._saved_id = 0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._loop(), name="checkpoint")

    async def stop(self) -> None:
        """Writes a last one, so that the next start has nothing to replay."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self.write()

    async def write(self) -> None:
        """Batches may arrive meanwhile: each agent's state says which batch it holds last."""
        upto = self._intake.applied_id
        if upto == self._saved_id:
            return
        self._intake.logged_bytes = 0
        agents = self._current.agents()
        for start in range(0, len(agents), CHUNK):
            states = [
                (agent, self._intake.applied_id, self._current.save(agent))
                for agent in agents[start : start + CHUNK]
                if self._current.knows(agent)
            ]
            await self._write(partial(batches.save_checkpoints, states=states))
        await self._write(batches.truncate)
        self._saved_id = upto
        self._metrics.checkpoints.inc()

    async def _write(self, work: Callable[[Connection], None]) -> None:
        await asyncio.wrap_future(self._database.writer.run(work))

    async def _loop(self) -> None:
        waited = 0.0
        while True:
            await asyncio.sleep(EVERY)
            waited += EVERY
            if self._intake.logged_bytes < ENOUGH_BYTES and waited < AT_LEAST_EVERY:
                continue
            try:
                await self.write()
                waited = 0.0
            except Exception:  # noqa: BLE001 - the loop's one: it goes on
                # A full disk: the log keeps growing by what the agents send, nothing is lost; try again.
                _log.exception("checkpoint not written")
