"""Several labs beside each other, each in a process of its own, that share out the drills."""

from __future__ import annotations

import multiprocessing
import queue
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from drills.drill import Drill, load
from drills.outcome import Outcome
from drills.stage import Stage, attempt

Todo = tuple[Path, int]
ENDING = 20.0


def run(
    drills: Sequence[Path],
    *,
    runs: int,
    prefix: str,
    labs: int = 1,
    keep: Path | None = None,
    report: Callable[[Outcome], None] = lambda _: None,
) -> list[Outcome]:
    """``report`` is told of each run as it ends; ``keep`` is where what failed leaves its logs.

    Whole rounds, so that the runs of one drill do not stand side by side.
    """
    context = multiprocessing.get_context("spawn")
    todo: multiprocessing.Queue[Todo | None] = context.Queue()
    done: multiprocessing.Queue[bytes] = context.Queue()
    for number in range(1, runs + 1):
        for path in drills:
            todo.put((path, number))
    workers = [
        context.Process(target=work, args=(todo, done, f"{prefix}{lab}", keep), daemon=True)
        for lab in range(1, labs + 1)
    ]
    for worker in workers:
        todo.put(None)
        worker.start()
    try:
        return _collect(done, runs * len(drills), workers, report)
    finally:
        for worker in workers:
            if worker.is_alive():
                worker.terminate()
        for worker in workers:
            worker.join(ENDING)


def _collect(
    done: multiprocessing.Queue[bytes],
    wanted: int,
    workers: Sequence[multiprocessing.process.BaseProcess],
    report: Callable[[Outcome], None],
) -> list[Outcome]:
    """Ends early, with what there is, when no worker is left."""
    outcomes: list[Outcome] = []
    while len(outcomes) < wanted:
        try:
            outcome = msgspec.json.decode(done.get(timeout=1), type=Outcome)
        except queue.Empty:
            if not any(worker.is_alive() for worker in workers) and done.empty():
                break
            continue
        outcomes.append(outcome)
        report(outcome)
    return outcomes


def work(
    todo: multiprocessing.Queue[Todo | None],
    done: multiprocessing.Queue[bytes],
    prefix: str,
    keep: Path | None,
) -> None:
    """One lab: takes the next drill until there is none, and builds itself anew after each failure."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    try:
        with Stage(prefix) as stage:
            while (next_one := todo.get()) is not None:
                path, number = next_one
                done.put(msgspec.json.encode(_run(stage, load(path), number, keep)))
    except KeyboardInterrupt:
        return


def _run(stage: Stage, drill: Drill, number: int, keep: Path | None) -> Outcome:
    outcome = attempt(stage, drill, number)
    if outcome.verdict == "failed":
        if keep:
            stage.save(keep / f"{drill.name}-{number}")
        stage.tear_down()
    return outcome
