"""The tests of a drill-down that are worth running, found once for each conclusion of the engine."""

from __future__ import annotations

from collections.abc import Iterator

from rules.diagnosis import Diagnosis
from rules.inference import Engine, WantedTest, next_tests
from rules.topology import Topology
from server.diagnosis.drill_down import Wanted
from server.diagnosis.follow_up import follow_up
from server.diagnosis.probe_again import probe_again
from server.diagnosis.standing import Standing

REMEMBERED = 16
"""Diagnoses; in a storm the same ones stand for many turns."""


class WantedTests:
    """First the failing looks once more and what follows from them, then what separates hypotheses best."""

    def __init__(self, engine: Engine, standing: Standing, topology: Topology) -> None:
        self._engine = engine
        self._standing = standing
        self._topology = topology
        self._known: dict[int, tuple[Diagnosis, list[WantedTest]]] = {}
        """By identity: an inference that has nothing new to say hands out the same diagnosis."""

    def of(self, diagnosis: Diagnosis, now: float) -> Iterator[Wanted]:
        """Nothing where only answers to earlier questions still fail: asked on, they would never grow old."""
        if not any(self._standing.lasting(key) for key in diagnosis.explains):
            return
        yield from probe_again(diagnosis, self._standing, now)
        yield from follow_up(diagnosis, self._standing, self._topology)
        yield from self._separating(diagnosis, now)

    def _separating(self, diagnosis: Diagnosis, now: float) -> list[WantedTest]:
        known = self._known.get(id(diagnosis))
        if known is None or known[0] is not diagnosis:
            while len(self._known) >= REMEMBERED:
                del self._known[next(iter(self._known))]
            known = self._known[id(diagnosis)] = (diagnosis, next_tests(self._engine, [diagnosis], now))
        return known[1]
