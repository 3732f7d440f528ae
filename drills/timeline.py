"""The steps of a drill, each done and undone when its time has come."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from drills.errors import NotPossible
from drills.injectors.injector import Harm
from drills.product import Rootward
from drills.step import Step


class Timeline:
    """Used as a context: what is still done at its end is undone then, the latest first."""

    def __init__(
        self, steps: Sequence[Step], product: Rootward, clock: Callable[[], float] = time.time
    ) -> None:
        self._product = product
        self._clock = clock
        self._waiting = sorted(steps, key=lambda step: step.after)
        self._done: list[tuple[Step, float, ExitStack]] = []
        self.began = self._clock()
        self.harmed: list[float] = []
        """When each harm began; seconds since the epoch."""
        self.last = self.began
        """When the latest step was done, or undone as the drill file says."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None or issubclass(kind, NotPossible):  # after another error the lab is built anew
            for _, _, undo in reversed(self._done):
                undo.close()

    def begin(self) -> None:
        """From now on the steps fall due."""
        self.began = self.last = self._clock()

    @property
    def over(self) -> bool:
        """Whether nothing more will be done or undone before the end."""
        return not self._waiting and all(step.revert_after is None for step, _, _ in self._done)

    def advance(self) -> None:
        """Does and undoes what is due. Raises NotPossible, and LabError when the lab breaks."""
        for step, at, undo in [*self._done]:
            if step.revert_after is not None and self._clock() >= at + step.revert_after:
                self._done.remove((step, at, undo))
                undo.close()
                self.last = self._clock()
        while self._waiting and self._clock() >= self.began + self._waiting[0].after:
            self._do(self._waiting.pop(0))

    def _do(self, step: Step) -> None:
        at = self.last = self._clock()
        if isinstance(step, Harm):
            self.harmed.append(at)
        undo = ExitStack()
        undo.enter_context(step.on(self._product))
        self._done.append((step, at, undo))
