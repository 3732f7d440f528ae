"""Several labs beside each other, each in a process of its own, that share out the drills."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import queue
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import FrameType

import msgspec

from drills.drill import Drill, load
from drills.errors import LabError, PrefixTaken
from drills.outcome import Outcome
from drills.rack import clean_up_after_the_dead
from drills.stage import attempt
from drills.stages import Stages

Todo = tuple[Path, int]
ENDING = 60.0
"""Seconds in which a lab is torn down in order, also on a busy machine."""
INTERRUPTS = frozenset([signal.SIGINT, signal.SIGTERM])


def run(
    drills: Sequence[Path],
    *,
    runs: int,
    prefix: str = "",
    labs: int = 1,
    keep: Path | None = None,
    record: Path | None = None,
    report: Callable[[Outcome], None] = lambda _: None,
) -> list[Outcome]:
    """``report`` is told of each run as it ends; ``keep`` is where what failed leaves its logs, ``record``
    where every run leaves what its agents said.

    Whole rounds, so that the runs of one drill do not stand side by side. Without ``prefix`` each lab takes
    a name that is free. Raises LabError when not all runs took place.
    """
    context = multiprocessing.get_context("spawn")
    todo: multiprocessing.Queue[Todo | None] = context.Queue()
    done: multiprocessing.Queue[bytes] = context.Queue()
    workers = [
        context.Process(
            target=work, args=(todo, done, f"{prefix}{lab}" if prefix else "", keep, record), daemon=True
        )
        for lab in range(1, labs + 1)
    ]
    try:
        with _interrupt_later():  # and before the queue has a thread of its own, which would take the signal
            for worker in workers:
                worker.start()
        for number in range(1, runs + 1):
            for path in drills:
                todo.put((path, number))
        for _ in workers:
            todo.put(None)
        return _collect(done, runs * len(drills), workers, report)
    finally:
        todo.cancel_join_thread()  # what is left in it is for nobody
        _end([worker for worker in workers if worker.pid])


@contextmanager
def _interrupt_later() -> Iterator[None]:
    """Ctrl-C waits; in a process that is started meanwhile, until that one lets it through."""
    signal.pthread_sigmask(signal.SIG_BLOCK, INTERRUPTS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, INTERRUPTS)


def _end(workers: Sequence[BaseProcess]) -> None:
    """In order where that is possible in time. One that is not done then, or whose interrupt was lost in some
    callback, is killed, as are all by a second Ctrl-C: the kernel ends a lab whose process is gone.
    """
    try:
        for worker in workers:
            worker.terminate()
        until = time.monotonic() + ENDING
        for worker in workers:
            worker.join(max(0.0, until - time.monotonic()))
    finally:
        for worker in workers:
            worker.kill()
            worker.join()
        clean_up_after_the_dead()


def _collect(
    done: multiprocessing.Queue[bytes],
    wanted: int,
    workers: Sequence[BaseProcess],
    report: Callable[[Outcome], None],
) -> list[Outcome]:
    """Raises LabError when no worker is left to do the rest."""
    outcomes: list[Outcome] = []
    while len(outcomes) < wanted:
        try:
            outcome = msgspec.json.decode(done.get(timeout=1), type=Outcome)
        except queue.Empty:
            if not any(worker.is_alive() for worker in workers) and done.empty():
                raise LabError(f"no lab is left after {len(outcomes)} of {wanted} runs") from None
            continue
        outcomes.append(outcome)
        report(outcome)
    return outcomes


def work(
    todo: multiprocessing.Queue[Todo | None],
    done: multiprocessing.Queue[bytes],
    prefix: str,
    keep: Path | None,
    record: Path | None,
) -> None:
    """One lab: takes the next drill until there is none, and builds itself anew after each failure."""
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, INTERRUPTS)
        end_with_parent()
        with Stages(prefix) as stages:
            while (next_one := todo.get()) is not None:
                path, number = next_one
                done.put(msgspec.json.encode(_run(stages, load(path), number, keep, record)))
            signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it ends by itself
    except PrefixTaken as error:
        print(f"rootward drill: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        done.cancel_join_thread()


def _stop(_number: int, _frame: FrameType | None) -> None:
    """Once: tearing the lab down must not be interrupted."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def end_with_parent() -> None:
    """Killed, the parent can tell nobody: the kernel does it (PR_SET_PDEATHSIG)."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)
    parent = multiprocessing.parent_process()
    if parent is None or os.getppid() != parent.pid:  # it was killed before this was asked for
        raise SystemExit(1)


def _run(stages: Stages, drill: Drill, number: int, keep: Path | None, record: Path | None) -> Outcome:
    stage = stages[drill.stage]
    outcome = attempt(stage, drill, number, record)
    if outcome.verdict == "failed":
        if keep:
            stage.save(keep / f"{drill.name}-{number}")
        stage.tear_down()
    return outcome
