"""The answers that a recording holds to the tests of a drill-down, handed to whoever asks the same again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from server.entry import Key
from server.recording.lines import Asked, Line, Said
from wire.codec import encode
from wire.exchange import Batch, Task

NEAR = 20.0
"""Seconds between the question then and now within which the answer still counts as one to this question."""


class Recorded(msgspec.Struct):
    """A question that was asked when the recording was made."""

    task: str
    asked_at: float
    answered_at: float | None = None
    """None where no answer came."""
    look: Key | None = None
    """What the answer was about; None where the agent refused."""
    taken: bool = False


class Answers:
    """Built by one pass over the recording, before it is run again."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._by_question: dict[tuple[str, str, bytes], list[Recorded]] = {}
        self._by_id: dict[str, Recorded] = {}
        self._renamed: dict[str, str] = {}
        """The id of a task then → its id now."""
        for line in lines:
            match line:
                case Asked(at=at, host=host, task=task):
                    asked = self._by_id[task.id] = Recorded(task.id, at)
                    self._by_question.setdefault(_question(host, task), []).append(asked)
                case Said(at=at, batch=batch):
                    for name, look in _answered(batch):
                        recorded = self._by_id.get(name)
                        if recorded is not None and recorded.answered_at is None:
                            recorded.answered_at, recorded.look = at, look

    def ask(self, host: str, task: Task, now: float) -> Recorded | None:
        """The same question at about the same time; from then on its answer bears the id of ``task``."""
        open_ones = [
            each
            for each in self._by_question.get(_question(host, task), ())
            if not each.taken and abs(each.asked_at - now) <= NEAR
        ]
        if not open_ones:
            return None
        nearest = min(open_ones, key=lambda each: (abs(each.asked_at - now), each.asked_at))
        nearest.taken = True
        self._renamed[nearest.task] = task.id
        return nearest

    def named_anew(self, batch: Batch) -> Batch:
        """The batch with the ids by which its tasks are known now."""
        if not any(name in self._renamed for name, _ in _answered(batch)):
            return batch
        replace, renamed = msgspec.structs.replace, self._renamed
        return replace(
            batch,
            observations=tuple(
                replace(seen, task=renamed.get(seen.task, seen.task)) for seen in batch.observations
            ),
            refusals=tuple(replace(each, task=renamed.get(each.task, each.task)) for each in batch.refusals),
        )


def _question(host: str, task: Task) -> tuple[str, str, bytes]:
    return (host, task.check, encode(task.target))


def _answered(batch: Batch) -> Iterator[tuple[str, Key | None]]:
    """The ids of the tasks, and what each answer is about."""
    for seen in batch.observations:
        if seen.task:
            yield seen.task, (seen.signal, seen.subject)
    for refusal in batch.refusals:
        yield refusal.task, None
