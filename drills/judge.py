"""Runs one drill on a living lab and compares what the product says with what was done."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime
from typing import Any

from drills.drill import Answer, Drill, Expected
from drills.errors import NotPossible
from drills.injectors.storage import device_of
from drills.outcome import Outcome
from drills.product import HOSTS, OPEN, Rootward

Ticket = dict[str, Any]
LOOK_EVERY = 0.5
QUIET_WITHIN = 90.0
CALM_WITHIN = 20.0
WITHDRAWN = frozenset(["merged", "cancelled"])
"""A ticket that ended so was not handed to anybody as work of its own."""


class Judge:
    """Knows the answers; the lab and the product do not."""

    def __init__(self, product: Rootward) -> None:
        self.product = product

    def run(self, drill: Drill, number: int = 1) -> Outcome:
        """Never raises for what the product does wrong. Raises LabError when the lab itself breaks."""
        if trouble := self.wait_until_quiet():
            return Outcome(drill=drill.name, run=number, verdict="failed", why=f"before the drill: {trouble}")
        case = Case(self.product, drill, number)
        try:
            with ExitStack() as harm:
                case.began = time.time()
                for step in drill.steps:
                    harm.enter_context(step.harm(self.product.lab))
                case.watch()
                case.compare_with_command_line()
        except NotPossible as error:
            return Outcome(drill=drill.name, run=number, verdict="not run", why=str(error))
        if not case.faults:  # a wrong ticket proves nothing, and a failed drill's lab is built anew
            case.watch_repair()
        return case.outcome()

    def wait_until_quiet(self, seconds: float = QUIET_WITHIN) -> str:
        """Until every host reports and nothing is open; what is still wrong, or nothing.

        Looks that still fail without a ticket, such as a line of a log, are given some time, no more.
        """
        began = time.monotonic()
        while trouble := self.trouble():
            if time.monotonic() > began + seconds:
                return trouble
            time.sleep(LOOK_EVERY)
        while self.failing() and time.monotonic() < began + CALM_WITHIN:
            time.sleep(LOOK_EVERY)
        return ""

    def trouble(self) -> str:
        if still_open := [name_of(ticket) for ticket in self.product.tickets() if ticket["status"] in OPEN]:
            return f"open: {', '.join(still_open)}"
        silent = set(HOSTS) - {host["host"] for host in self.product.hosts() if host["state"] == "alive"}
        return f"silent: {', '.join(sorted(silent))}" if silent else ""

    def failing(self) -> bool:
        return any(host["failing"] for host in self.product.hosts())


class Case:
    """One run: what was seen, and when."""

    def __init__(self, product: Rootward, drill: Drill, number: int) -> None:
        self.product, self.drill, self.number = product, drill, number
        self.known = {ticket["id"]: ticket["reopened"] for ticket in product.tickets()}
        self.began = time.time()
        self.right_since: float | None = None
        self.resolved: float | None = None
        self.seen: list[Ticket] = []
        self.faults: list[str] = []
        expected = drill.expect
        self.answers = [self.filled(one) for one in (expected, *expected.or_)] if expected else []
        self.also = [self.filled(one) for one in drill.also]

    def filled(self, answer: Answer) -> tuple[str, str]:
        """``{host:/mount}`` in an entity stands for the device that the lab happened to get."""

        def device(found: re.Match[str]) -> str:
            return device_of(self.product.lab[found[1]], found[2])

        return answer.fault, re.sub(r"\{(\w+):([^}]+)\}", device, answer.entity)

    def look(self) -> list[Ticket]:
        """The tickets that this drill opened, or opened again: the fault may have been drilled before."""
        self.seen = [
            ticket
            for ticket in self.product.tickets()
            if self.known.get(ticket["id"], -1) < ticket["reopened"]
        ]
        return [ticket for ticket in self.seen if ticket["status"] not in WITHDRAWN]

    def watch(self) -> None:
        """Until the right ticket has stood alone for the hold time, or the time is over."""
        until = self.began + (self.drill.within if self.answers else self.drill.hold)
        while time.time() < until:
            wrong = self.wrong(self.look())
            if wrong or not self.answers:
                self.right_since = None
            elif self.right_since is None:
                self.right_since = time.time()
                until = self.right_since + self.drill.hold
            time.sleep(LOOK_EVERY)
        if wrong := self.wrong(self.look()):
            self.faults.append(wrong)

    def wrong(self, tickets: Sequence[Ticket]) -> str:
        """What is not as it must be, or nothing."""
        mine = [ticket for ticket in tickets if answer_of(ticket) not in self.also]
        if not self.answers:
            return f"opened {names(mine)}" if mine else ""
        right = [ticket for ticket in mine if answer_of(ticket) in self.answers]
        if not right:
            return f"opened {names(mine)}" if mine else f"nothing after {self.drill.within:g} s"
        if len(mine) > 1:
            return f"{len(mine)} tickets: {names(mine)}"
        return misfiled(self.drill.expect, right[0])

    def compare_with_command_line(self) -> None:
        mine = {ticket["id"] for ticket in self.seen}
        listed = {ticket["id"] for ticket in self.product.listed()}
        if not mine <= listed:
            self.faults.append("`rootward tickets --json` does not list what the API lists")

    def watch_repair(self) -> None:
        """The harm is undone: every ticket must be resolved, by proof, and none opened."""
        repaired = time.time()
        if self.drill.expect is None:
            return
        count = len(self.look())
        while still := [ticket for ticket in self.look() if ticket["status"] in OPEN]:
            if time.time() > repaired + self.drill.resolve_within:
                self.faults.append(f"not resolved {self.drill.resolve_within:g} s after: {names(still)}")
                return
            time.sleep(LOOK_EVERY)
        self.resolved = time.time() - repaired
        if not any(answer_of(ticket) in self.answers for ticket in self.seen):
            self.faults.append(f"another root at the end: {names(self.seen)}")
        if len(self.look()) > count:
            self.faults.append(f"the repair opened a ticket: {names(self.look())}")

    def outcome(self) -> Outcome:
        expected = self.drill.expect
        opened = [ticket for ticket in self.seen if ticket["id"] not in self.known]
        onsets = [onset for ticket in opened if (onset := onset_of(ticket)) is not None]
        right = [ticket for ticket in self.seen if answer_of(ticket) in self.answers]
        return Outcome(
            drill=self.drill.name,
            run=self.number,
            verdict="failed" if self.faults else "passed",
            why="; ".join(self.faults),
            seen_by=expected.seen_by if expected else "",
            answer=names(right or self.seen),
            detected=max(0.0, min(onsets) - self.began) if onsets else None,
            opened=since(self.began, self.right_since),
            resolved=self.resolved,
            merged=sum(ticket["status"] == "merged" for ticket in self.seen),
        )


def misfiled(expected: Expected | None, ticket: Ticket) -> str:
    """How the classification differs from the expected one, or nothing."""
    for field in ("domain", "type"):
        if expected and ticket.get(field) != getattr(expected, field):
            return f"{name_of(ticket)} has {field} {ticket.get(field)} instead of {getattr(expected, field)}"
    return ""


def since(began: float, then: float | None) -> float | None:
    return None if then is None else then - began


def answer_of(ticket: Ticket) -> tuple[str, str]:
    return str(ticket["fault"]), str(ticket["entity"])


def name_of(ticket: Ticket) -> str:
    return " ".join(answer_of(ticket))


def names(tickets: Sequence[Ticket]) -> str:
    return ", ".join(name_of(ticket) for ticket in tickets)


def onset_of(ticket: Ticket) -> float | None:
    """When its first symptom began, else when it was opened; seconds since the epoch."""
    return _seconds(ticket.get("onset") or ticket.get("opened_at"))


def _seconds(moment: object) -> float | None:
    if isinstance(moment, str):
        return datetime.fromisoformat(moment).timestamp()
    return float(moment) if isinstance(moment, int | float) else None
