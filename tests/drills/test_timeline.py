"""Each step of a drill is done and undone when the drill file says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar, cast

import pytest

from drills.errors import LabError, NotPossible
from drills.product import Rootward
from drills.step import Step
from drills.timeline import Timeline

NO_PRODUCT = cast("Rootward", None)


class Said(Step, frozen=True, kw_only=True):
    """Tells when it is done and undone."""

    word: str
    told: ClassVar[list[str]] = []

    @contextmanager
    def on(self, product: Rootward) -> Iterator[None]:
        self.told.append(self.word)
        yield
        self.told.append(f"not {self.word}")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def told() -> list[str]:
    Said.told.clear()
    return Said.told


def at(clock: Clock, steps: Timeline, second: float) -> None:
    clock.now = 1000.0 + second
    steps.advance()


def test_a_step_waits_for_its_moment(told: list[str]) -> None:
    clock = Clock()
    with Timeline([Said(word="late", after=30), Said(word="first")], NO_PRODUCT, clock) as steps:
        at(clock, steps, 0)
        assert (told, steps.over) == (["first"], False)
        at(clock, steps, 30)
        assert (told, steps.over, steps.last) == (["first", "late"], True, 1030.0)


def test_a_step_is_undone_after_its_time(told: list[str]) -> None:
    clock = Clock()
    with Timeline([Said(word="short", revert_after=20)], NO_PRODUCT, clock) as steps:
        at(clock, steps, 0)
        at(clock, steps, 19)
        assert (told, steps.over) == (["short"], False)
        at(clock, steps, 20)
        assert (told, steps.over, steps.last) == (["short", "not short"], True, 1020.0)


def test_what_is_left_is_undone_at_the_end_the_latest_first(told: list[str]) -> None:
    with Timeline([Said(word="one"), Said(word="two")], NO_PRODUCT, Clock()) as steps:
        steps.advance()
    assert told == ["one", "two", "not two", "not one"]


def run_into(error: Exception) -> None:
    with Timeline([Said(word="one")], NO_PRODUCT, Clock()) as steps:
        steps.advance()
        raise error


def test_what_was_done_is_undone_when_a_later_step_is_not_possible(told: list[str]) -> None:
    with pytest.raises(NotPossible):
        run_into(NotPossible("no such device"))
    assert told == ["one", "not one"]


def test_a_broken_lab_is_left_as_it_is(told: list[str]) -> None:
    with pytest.raises(LabError):
        run_into(LabError("gone"))
    assert told == ["one"]
