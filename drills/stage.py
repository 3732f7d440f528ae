"""What a drill is played on: machines with the product on them, built when they are first needed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from drills.drill import Drill
from drills.errors import LabError, PrefixTaken
from drills.in_lab import InLab
from drills.judge import Judge
from drills.lab import Lab
from drills.outcome import Outcome
from drills.product import Rootward


class Stage(ABC):
    """Used as a context: gone after."""

    def __init__(self) -> None:
        self._product: Rootward | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.tear_down()

    @property
    def product(self) -> Rootward:
        """Raises LabError when the machines or the product do not start."""
        if self._product is None:
            try:
                self._product = self._build()
                self._product.start()
            except BaseException:
                self.tear_down()
                raise
        return self._product

    @abstractmethod
    def _build(self) -> Rootward:
        """Machines that are up, and the product, not started, on them."""

    def tear_down(self) -> None:
        product, self._product = self._product, None
        if product:
            product.stop()
        self._clear()

    @abstractmethod
    def _clear(self) -> None:
        """Ends the machines, also those that came up in part."""

    def save(self, place: Path) -> None:
        """What the product wrote and said, for whoever must find out why a drill failed."""
        if self._product:
            self._product.save(place)


class LabStage(Stage):
    """The lab of namespaces."""

    def __init__(self, prefix: str = "", beside: Callable[[Lab], object] = lambda _: None) -> None:
        """``beside`` starts what else runs in each lab, before the product learns what there is."""
        super().__init__()
        self._prefix, self._beside = prefix, beside
        self._lab: Lab | None = None

    def _build(self) -> InLab:
        self._lab = Lab(self._prefix)
        self._lab.up()
        self._beside(self._lab)
        return InLab(self._lab)

    def _clear(self) -> None:
        lab, self._lab = self._lab, None
        if lab:
            lab.down()


def attempt(stage: Stage, drill: Drill, number: int, record: Path | None = None) -> Outcome:
    """Raises PrefixTaken."""
    try:
        return Judge(stage.product, record).run(drill, number)
    except PrefixTaken:
        raise
    except LabError as error:
        return Outcome(drill=drill.name, run=number, verdict="failed", why=f"lab: {error}")
