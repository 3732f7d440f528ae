"""The one thread that diagnoses: takes what arrives and what people ask, and gives the pipeline its turns."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TypeVar

import structlog

from server.current import CurrentState
from server.diagnosis.overrun import MAX_WAITING, MAX_WAITING_LOOKS, Overrun
from server.entry import Applied
from server.pipeline import Pipeline

T = TypeVar("T")
STOP_SECONDS = 4.0
BUSY_TICK = 0.5
QUIET_TICK = 1.0
MIN_REST = 0.05
"""Seconds between two turns, at least; and at least as long as the turn took: batches must get their
acknowledgement from the same interpreter, whatever there is to think about."""
MAX_ARRIVALS = 2_000
"""Batches of one turn; the rest waits for the next, so that a storm cannot hold back the tickets."""
_log = structlog.get_logger("diagnosis")


class DiagnosisThread:
    """``submit`` what was applied; ``ask`` to change tickets; everything else happens in the thread."""

    def __init__(
        self, pipeline: Pipeline, current: CurrentState, clock: Callable[[], float] = time.time
    ) -> None:
        self.overrun = Overrun(current, pipeline.standing)
        self._pipeline = pipeline
        self._clock = clock
        self._arrived: deque[Applied] = deque()
        self._calls: SimpleQueue[Callable[[], None]] = SimpleQueue()
        """What wakes the thread: something to do for somebody who waits, or ``_something_arrived``."""
        self._thread = Thread(target=self._loop, name="diagnosis", daemon=True)
        self._stopping = False
        self._rested_at = 0.0
        self._handed_over = 0
        """Looks, counted by who submits; ``_taken`` by the diagnosis thread. Neither waits for the other."""
        self._taken = 0

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends after the turn that runs; what it decided is on disk.

        What still waits is in the current state, and is weighed at the next start. A turn that takes
        longer than a stop may take is left behind: it writes all or nothing.
        """
        self._stopping = True
        self._calls.put(_something_arrived)
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)

    def submit(self, applied: Applied) -> None:
        """Never blocks. In a storm only what stands afterwards is weighed, not each change on the way."""
        if len(self._arrived) >= MAX_WAITING or self._handed_over - self._taken >= MAX_WAITING_LOOKS:
            self.overrun.note(applied)
            return
        self._handed_over += len(applied.changed)
        self._arrived.append(applied)
        if len(self._arrived) == 1:
            self._calls.put(_something_arrived)

    def ask(self, command: Callable[[], T]) -> Future[T]:
        """Runs ``command`` between two turns; the only way to change tickets."""
        future: Future[T] = Future()

        def run() -> None:
            try:
                future.set_result(command())
            except Exception as error:  # noqa: BLE001  # belongs to whoever asked
                future.set_exception(error)

        self._calls.put(run)
        return future

    def _loop(self) -> None:
        while not self._stopping:
            arrived = self._gather()
            began = time.monotonic()
            try:
                self._pipeline.turn([*arrived, *self.overrun.take(self._clock())])
            except Exception:  # noqa: BLE001  # the one broad except of this loop
                # One turn that fails must not end diagnosis: nothing of it was written, what arrived is in
                # the current state, and the next turn decides again.
                _log.exception("a turn failed")
                for applied in arrived:
                    self.overrun.note(applied)
            ended = time.monotonic()
            self._rested_at = ended + max(MIN_REST, ended - began)

    def _gather(self) -> list[Applied]:
        """Waits for something to happen or the tick to end; then takes all that is there.

        However much arrives meanwhile, this thread is woken once: each time, ingest would have to wait.
        """
        tick = BUSY_TICK if self._pipeline.busy or self._pipeline.open_count else QUIET_TICK
        due = max(time.monotonic() + tick, self._rested_at)
        while not self._stopping:
            try:
                call = self._calls.get(timeout=max(0.0, due - time.monotonic()))
            except Empty:
                break
            call()
            due = self._rested_at
        arrived = [self._arrived.popleft() for _ in range(min(MAX_ARRIVALS, len(self._arrived)))]
        self._taken += sum(len(applied.changed) for applied in arrived)
        if self._arrived:
            self._calls.put(_something_arrived)
        return arrived


def _something_arrived() -> None:
    """Wakes the diagnosis thread; what arrived waits in line."""
