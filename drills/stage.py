"""A lab with the product on it, and one drill run on it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from drills.drill import Drill
from drills.errors import LabError, PrefixTaken
from drills.judge import Judge
from drills.lab import Lab
from drills.outcome import Outcome
from drills.product import HOME, Rootward


class Stage:
    """A lab with the product on it, built when it is first needed."""

    def __init__(self, prefix: str = "", beside: Callable[[Lab], object] = lambda _: None) -> None:
        """``beside`` starts what else runs in each lab, before the product learns what there is."""
        self._prefix, self._beside = prefix, beside
        self._lab: Lab | None = None
        self._product: Rootward | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.tear_down()

    @property
    def product(self) -> Rootward:
        """Raises LabError when lab or product do not start."""
        if self._product is None:
            self._lab = Lab(self._prefix)
            try:
                self._lab.up()
                self._beside(self._lab)
                self._product = Rootward(self._lab)
                self._product.start()
            except BaseException:
                self.tear_down()
                raise
        return self._product

    def tear_down(self) -> None:
        product, lab = self._product, self._lab
        self._product = self._lab = None
        if product:
            product.stop()
        if lab:
            lab.down()

    def save(self, place: Path) -> None:
        """What the product wrote and said, for whoever must find out why a drill failed."""
        if self._product is None or self._lab is None:
            return
        place.mkdir(parents=True, exist_ok=True)
        for name, node in self._lab.nodes.items():
            for log in node.path("/var/log").glob("rootward-*.log") if node.up else ():
                shutil.copy(log, place / f"{name}-{log.name}")
            for stored in node.path(HOME).glob("rootward.db*") if node.up else ():
                shutil.copy(stored, place)
        for kind, ask in (("tickets", self._product.tickets), ("hosts", self._product.hosts)):
            try:
                said: object = ask()
            except LabError as error:
                said = str(error)
            (place / f"{kind}.json").write_text(json.dumps(said, indent=1, ensure_ascii=False))


def attempt(stage: Stage, drill: Drill, number: int, record: Path | None = None) -> Outcome:
    """Raises PrefixTaken."""
    try:
        return Judge(stage.product, record).run(drill, number)
    except PrefixTaken:
        raise
    except LabError as error:
        return Outcome(drill=drill.name, run=number, verdict="failed", why=f"lab: {error}")
