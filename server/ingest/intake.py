"""The way of a batch: queued, committed with its neighbours, applied in order, acknowledged."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future
from operator import attrgetter

import msgspec
import structlog

from server.current import CurrentState
from server.entry import Applied
from server.ingest.body import Refused
from server.metrics import Metrics
from server.storage import batches
from server.storage.writer import Writer
from wire.exchange import Batch

MAX_PENDING_BYTES = 128 * 1024 * 1024
"""Bodies that wait for their commit; beyond it agents keep theirs in the spool."""
SEQ = attrgetter("seq")
_log = structlog.get_logger("ingest")


class _Pending(msgspec.Struct):
    """A validated batch and who waits for it."""

    batch: Batch
    body: bytes
    received_at: float
    done: asyncio.Future[Applied]
    id: int = 0


class Intake:
    """Lives in the event loop. While one group is being committed, the next one gathers."""

    def __init__(
        self,
        writer: Writer,
        current: CurrentState,
        metrics: Metrics,
        *,
        last_id: int,
        submit: Callable[[Applied], None],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._writer = writer
        self._current = current
        self._metrics = metrics
        self._submit = submit
        self._now = now
        self._last_id = last_id
        self._gathering: list[_Pending] = []
        self._gathered_bytes = 0
        self._committing: list[_Pending] = []
        self.logged_bytes = 0
        """Since the last checkpoint."""
        self.applied_id = last_id
        """The batch log up to here is in the current state."""

    async def take(self, batch: Batch, body: bytes) -> Applied:
        """Returns once the batch is on disk and applied. Raises Refused (503) when it cannot be stored."""
        if self._gathered_bytes + len(body) > MAX_PENDING_BYTES:
            raise Refused(503, "overloaded", "too much is waiting to be stored; send this again later")
        done: asyncio.Future[Applied] = asyncio.get_running_loop().create_future()
        self._gathering.append(_Pending(batch, body, self._now(), done))
        self._gathered_bytes += len(body)
        if not self._committing:
            self._commit()
        return await done

    def forget(self, agent: str, *, replaced: bool = False) -> None:
        """A revoked agent: what it said no longer stands. ``replaced``: its host has another."""
        gone = self._current.forget(agent, self._now(), replaced=replaced)
        if gone is not None:
            self._submit(gone)

    @property
    def waiting(self) -> int:
        return len(self._gathering) + len(self._committing)

    def _commit(self) -> None:
        group = self._committing = self._gathering
        self._gathering = []
        self._gathered_bytes = 0
        marks: dict[str, int] = {}
        rows: list[batches.BatchRow] = []
        for pending in group:
            agent = pending.batch.agent
            self._last_id += 1
            pending.id = self._last_id
            mark = marks.get(agent) or self._current.mark(agent)
            marks[agent] = max(mark, max(map(SEQ, pending.batch.observations), default=mark))
            rows.append((pending.id, agent, pending.received_at, marks[agent], pending.body))
        loop = asyncio.get_running_loop()
        promise = self._writer.run(lambda connection: batches.append(connection, rows))
        promise.add_done_callback(lambda done: loop.call_soon_threadsafe(self._committed, done))

    def _committed(self, promise: Future[None]) -> None:
        group, self._committing = self._committing, []
        failure = promise.exception()
        if failure is None:
            for pending in group:
                self._apply_safely(pending)
        else:
            _log.error("batches not stored", count=len(group), error=str(failure))
            refused = Refused(503, "not_stored", "the batch could not be stored; send it again later")
            for pending in group:
                if not pending.done.done():
                    pending.done.set_exception(refused)
        if self._gathering:
            self._commit()

    def _apply_safely(self, pending: _Pending) -> None:
        try:
            self._apply(pending)
        except Exception as error:  # noqa: BLE001 - see below
            # One batch that we cannot digest must not leave its neighbours waiting for ever. It is on
            # disk; the agent's digest will differ, and a resync puts the state right.
            _log.exception("batch stored, not applied", agent=pending.batch.agent, batch=pending.id)
            if not pending.done.done():
                pending.done.set_exception(error)

    def _apply(self, pending: _Pending) -> None:
        self.applied_id = pending.id
        self.logged_bytes += len(pending.body)
        try:
            applied = self._current.apply(pending.batch, pending.received_at)
        except KeyError:
            # Revoked between its arrival and its commit.
            if not pending.done.done():
                pending.done.set_exception(Refused(401, "credential", "the agent was revoked"))
            return
        self._count(pending.batch, applied)
        if applied.tells:
            self._submit(applied)
        if not pending.done.done():
            pending.done.set_result(applied)

    def _count(self, batch: Batch, applied: Applied) -> None:
        self._metrics.applied.inc(applied.results)
        repeated = len(batch.observations) - applied.results
        if repeated > 0:
            self._metrics.observations.labels("repeated_or_retired").inc(repeated)
        if applied.clamped:
            self._metrics.clamped.inc(applied.clamped)
