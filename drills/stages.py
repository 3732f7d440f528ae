"""The kinds of stages there are, by the name that a drill file gives."""

from __future__ import annotations

from contextlib import ExitStack
from types import TracebackType
from typing import Self

from drills.injectors.injector import StageName
from drills.machine.stage import MachineStage
from drills.stage import LabStage, Stage


class Stages:
    """One of each kind. Used as a context: all are gone after."""

    def __init__(self, prefix: str = "") -> None:
        self._each: dict[StageName, Stage] = {"lab": LabStage(prefix), "machine": MachineStage()}

    def __getitem__(self, name: StageName) -> Stage:
        return self._each[name]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with ExitStack() as stack:
            for stage in self._each.values():
                stack.callback(stage.tear_down)
