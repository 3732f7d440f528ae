"""Runs one drill on a living lab and compares what the product says with what was done."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from drills.case import Case
from drills.drill import Answer, Drill
from drills.errors import NotPossible
from drills.outcome import Outcome
from drills.product import OPEN, Rootward
from drills.recorded import record
from drills.timeline import Timeline
from drills.verdict import name_of

QUIET_WITHIN = 90.0
CALM_WITHIN = 20.0


class Judge:
    """Knows the answers; the lab and the product do not."""

    def __init__(self, product: Rootward, record: Path | None = None) -> None:
        """``record``: a folder in which each run leaves what the agents said, and what it must lead to."""
        self.product = product
        self.folder = record

    def run(self, drill: Drill, number: int = 1) -> Outcome:
        """Never raises for what the product does wrong. Raises LabError when the lab itself breaks."""
        if trouble := self.wait_until_quiet(drill.also):
            return Outcome(drill=drill.name, run=number, verdict="failed", why=f"before the drill: {trouble}")
        case = Case(self.product, drill, number)
        try:
            with (
                Timeline(drill.preparations, self.product) as prepared,
                Timeline(drill.steps, self.product) as steps,
            ):
                if drill.prepare:
                    prepared.advance()
                    time.sleep(drill.learn)
                steps.begin()
                case.watch(steps)
        except NotPossible as error:
            return Outcome(drill=drill.name, run=number, verdict="not run", why=str(error))
        if not case.faults:  # a wrong ticket proves nothing, and a failed drill's lab is built anew
            if drill.closed_by == "people":
                case.watch_people()
            else:
                case.watch_repair()
        outcome = case.outcome(steps)
        if self.folder:
            record(case, steps, outcome, self.folder)
        return outcome

    def wait_until_quiet(self, also: Sequence[Answer] = (), seconds: float = QUIET_WITHIN) -> str:
        """Until every host reports and nothing is open but what may be; what is still wrong, or nothing.

        Looks that still fail without a ticket, such as a line of a log, are given some time, no more.
        """
        began = time.monotonic()
        while trouble := self.trouble(also):
            if time.monotonic() > began + seconds * self.product.patience:
                return trouble
            time.sleep(self.product.look_every)
        while self.failing() and time.monotonic() < began + CALM_WITHIN * self.product.patience:
            time.sleep(self.product.look_every)
        return ""

    def trouble(self, also: Sequence[Answer] = ()) -> str:
        allowed = {(one.fault, one.entity) for one in also}
        if still_open := [
            name_of(ticket)
            for ticket in self.product.tickets()
            if ticket["status"] in OPEN and (ticket["fault"], ticket["entity"]) not in allowed
        ]:
            return f"open: {', '.join(still_open)}"
        silent = set(self.product.watched) - {
            host["host"] for host in self.product.hosts() if host["state"] == "alive"
        }
        return f"silent: {', '.join(sorted(silent))}" if silent else ""

    def failing(self) -> bool:
        return any(host["failing"] for host in self.product.hosts())
