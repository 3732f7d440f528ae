"""The one thread that writes. What is queued together is committed together (group commit)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from threading import Thread
from time import perf_counter
from typing import TypeVar

from sqlalchemy import Connection, Engine

T = TypeVar("T")
MAX_GROUP = 256
"""Pieces of work in one transaction, at most: bounds how long the first waits for the last."""


class WriterStopped(RuntimeError):
    """Work was given to a writer that no longer runs."""


class _Work:
    """One function and the promise of its result."""

    __slots__ = ("do", "future", "outcome")

    def __init__(self, do: Callable[[Connection], object], future: Future[object]) -> None:
        self.do = do
        self.future = future
        self.outcome: tuple[object, Exception | None] = (None, None)


class Writer:
    """Owns the write connection. ``observe`` is told the seconds and the size of each commit."""

    def __init__(self, engine: Engine, observe: Callable[[float, int], None] = lambda _s, _n: None) -> None:
        self._engine = engine
        self._observe = observe
        self._queue: SimpleQueue[_Work | None] = SimpleQueue()
        self._stopped = False
        self._thread = Thread(target=self._loop, name="writer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Commits what is queued, then ends the thread."""
        if self._stopped:
            return
        self._stopped = True
        self._queue.put(None)
        self._thread.join()

    def run(self, work: Callable[[Connection], T]) -> Future[T]:
        """The future holds what ``work`` returned, once it is on disk; or what it raised, undone alone.

        ``work`` runs in the writer's thread, inside a transaction, and must not commit.
        """
        future: Future[T] = Future()
        if self._stopped:
            future.set_exception(WriterStopped("the server is stopping; send this again later"))
            return future
        self._queue.put(_Work(work, future))  # type: ignore[arg-type]  # Future is invariant in T
        return future

    @property
    def alive(self) -> bool:
        return self._thread.is_alive() and not self._stopped

    @property
    def waiting(self) -> int:
        return self._queue.qsize()

    def _loop(self) -> None:
        with self._engine.connect() as connection:
            while True:
                first = self._queue.get()
                group = [] if first is None else [first, *self._queued()]
                if group:
                    self._commit(connection, group)
                if first is None:
                    break
        self._refuse_rest()

    def _queued(self) -> list[_Work]:
        """What else waits; the order to stop is put back, so that it is met first next time."""
        more: list[_Work] = []
        while len(more) < MAX_GROUP - 1:
            try:
                work = self._queue.get_nowait()
            except Empty:
                break
            if work is None:
                self._queue.put(None)
                break
            more.append(work)
        return more

    def _commit(self, connection: Connection, group: list[_Work]) -> None:
        started = perf_counter()
        try:
            with connection.begin():
                for work in group:
                    _attempt(connection, work)
        except Exception as error:  # noqa: BLE001 - a full disk must reach each caller, and not end the thread
            for work in group:
                work.future.set_exception(error)
            return
        self._observe(perf_counter() - started, len(group))
        for work in group:
            result, failure = work.outcome
            if failure is None:
                work.future.set_result(result)
            else:
                work.future.set_exception(failure)

    def _refuse_rest(self) -> None:
        while not self._queue.empty():
            work = self._queue.get()
            if work is not None:
                work.future.set_exception(WriterStopped("the server is stopping; send this again later"))


def _attempt(connection: Connection, work: _Work) -> None:
    """A failing piece of work is undone by itself; its neighbours in the group stay."""
    connection.exec_driver_sql("SAVEPOINT work")
    try:
        work.outcome = (work.do(connection), None)
    except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to the caller who waits for it
        connection.exec_driver_sql("ROLLBACK TO work")
        work.outcome = (None, error)
    connection.exec_driver_sql("RELEASE work")
