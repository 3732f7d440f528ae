"""Runs a recording through the stages of the server again, by the clock of the recording."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from itertools import count
from pathlib import Path

import msgspec

from rules.catalogue import Catalogue
from rules.diagnosis import Diagnosis
from server.current import CurrentState
from server.desk.actions import possible
from server.desk.shown import Whole, whole
from server.diagnosis.turn import Turn
from server.diagnosis_thread import BUSY_TICK, MIN_REST
from server.entry import Applied, Key
from server.pipeline import Pipeline
from server.recording.answers import Answers
from server.recording.lines import BadRecording, Declared, Ended, Head, HungUp, Known, Line, Planned, Said
from server.storage import tickets as storage
from server.storage.database import Database
from server.storage.declarations import write_window
from server.tasks import TaskDesk
from wire.exchange import Batch, Refusal, Task

NOT_RECORDED = "not asked when the recording was made"
NO_LONGER_STANDS = "what was answered when the recording was made no longer stands"
BY = "recording"
"""The actor of what people declared."""


class Told(msgspec.Struct, frozen=True):
    """A ticket as it is in the end, and the latest diagnosis of it."""

    ticket: Whole
    diagnosis: Diagnosis | None


def rerun(
    read: Callable[[], Iterable[Line]],
    folder: Path,
    catalogue: Catalogue,
    watch: Callable[[Turn], None] = lambda _turn: None,
) -> list[Told]:
    """The tickets, oldest first. ``read`` reads the recording, twice; ``folder`` takes a database.

    ``watch`` sees every turn. Raises BadRecording.
    """
    answers = Answers(read())
    lines = iter(read())
    head = next(lines)
    if not isinstance(head, Head):
        raise BadRecording("line 1: a recording begins with its head")
    database = Database(folder / "rootward.db", durable=False)
    try:
        run = _Run(head, answers, database, catalogue, watch)
        run.go(lines)
        return list(_tickets(database))
    finally:
        database.close()


class _Run:
    """The stages with the recording's clock, agents and answers."""

    def __init__(
        self,
        head: Head,
        answers: Answers,
        database: Database,
        catalogue: Catalogue,
        watch: Callable[[Turn], None],
    ) -> None:
        self._head = head
        self._answers = answers
        self._database = database
        self._catalogue = catalogue
        self._watch = watch
        self._now = self._turned_at = head.begins
        self._current = CurrentState(head.started_at)
        self._tasks = TaskDesk(lambda: self._now)
        self._waiting: list[Applied] = []
        self._since = 0.0
        """When the first of those that wait arrived."""

    @cached_property
    def _pipeline(self) -> Pipeline:
        """Begins with the first line that is not about how it stood at the beginning."""
        numbers = count(1)
        return Pipeline(
            self._catalogue,
            self._current,
            self._database,
            tasks=self._tasks,
            clock=lambda: self._now,
            server_host=self._head.server_host,
            new_id=lambda: f"task-{next(numbers)}",
        )

    def go(self, lines: Iterable[Line]) -> None:
        for line in lines:
            if isinstance(line, Known):
                self._current.take_over(line.agent)
                continue
            if isinstance(line, Ended):
                self._pipeline.standing.end(line.looks, line.at)
            if isinstance(line, Said | Declared | Planned | HungUp):
                self._pass_time(line.at)
                self._take(line)
        self._pass_time(self._head.ends)

    def _take(self, line: Said | Declared | Planned | HungUp) -> None:
        match line:
            case Said(batch=batch):
                self._say(batch)
            case Declared(site=site):
                self._pipeline.declare(site, BY)
            case Planned(window=window):
                self._database.writer.run(lambda connection: write_window(connection, window)).result()
                self._pipeline.desk.reload_windows(self._now)
            case HungUp(host=host):
                self._tasks.hung_up(host, self._now)

    def _say(self, batch: Batch) -> None:
        try:
            applied = self._current.apply(self._answers.named_anew(batch), self._now)
        except KeyError:
            raise BadRecording(f"the agent {batch.agent!r} speaks and is not among the known") from None
        if applied.tells:
            self._wait(applied)

    def _wait(self, applied: Applied) -> None:
        if not self._waiting:
            self._since = self._now
        self._waiting.append(applied)

    def _pass_time(self, to: float) -> None:
        """Turns as they fall due: soon after something arrived, else with the tick."""
        while (due := self._due()) <= to:
            self._now = due
            self._turn()
        self._now = max(self._now, to)

    def _due(self) -> float:
        if self._waiting:
            return max(self._since, self._turned_at + MIN_REST)
        return self._turned_at + BUSY_TICK

    def _turn(self) -> None:
        arrived, self._waiting = self._waiting, []
        pipeline = self._pipeline
        self._watch(pipeline.turn(arrived))
        self._turned_at = self._now
        for host in sorted(pipeline.drill_down.hosts()):
            tasks, _snapshot = self._tasks.take(host)
            for task in tasks:
                self._answer(host, task)

    def _answer(self, host: str, task: Task) -> None:
        """Answers what the recording cannot answer later; the rest comes with what its agents say."""
        recorded = self._answers.ask(host, task, self._now)
        if recorded is None:
            self._refuse(host, task, NOT_RECORDED)
        elif recorded.answered_at is not None and recorded.answered_at <= self._now:
            self._repeat(host, task, recorded.look)

    def _repeat(self, host: str, task: Task, look: Key | None) -> None:
        """The answer came before the question was asked here: what stands of that look answers it."""
        for entry in self._current.standing(host):
            if entry.key == look:
                seen = msgspec.structs.replace(entry.observation, task=task.id)
                answer = (msgspec.structs.replace(entry, observation=seen),)
                self._wait(Applied(agent="", host=host, received_at=self._now, changed=answer))
                return
        self._refuse(host, task, NO_LONGER_STANDS)

    def _refuse(self, host: str, task: Task, why: str) -> None:
        refusals = (Refusal(task=task.id, why=why),)
        self._wait(Applied(agent="", host=host, received_at=self._now, refusals=refusals))


def _tickets(database: Database) -> Iterator[Told]:
    with database.reading() as connection:
        for ticket in reversed(storage.read_tickets(connection)):
            number = int(ticket.id)
            diagnosis = storage.read_diagnosis(connection, number)
            found = whole(
                ticket,
                diagnosis,
                "en",
                events=storage.read_events(connection, number),
                observations=storage.read_cited(connection, number),
                actions=possible(ticket),
            )
            yield Told(found, diagnosis)
