"""One run of a drill: what was seen, and when."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from typing import TypeVar

import msgspec

from drills.drill import Answer, Drill
from drills.host import device_of
from drills.outcome import Outcome
from drills.product import OPEN, Rootward
from drills.safety import overclaimed, overgrown, unescaped
from drills.timeline import Timeline
from drills.verdict import Ticket, answers, difference, misdated, names, onset_of

SILENT = 25.0
"""Longer than it takes to prove a repair."""
WITHDRAWN = frozenset(["merged", "cancelled"])
"""A ticket that ended so was not handed to anybody as work of its own."""
A = TypeVar("A", bound=Answer)


class Case:
    """Watches the tickets while the harm lasts, then while it is repaired."""

    def __init__(self, product: Rootward, drill: Drill, number: int) -> None:
        self.product, self.drill, self.number = product, drill, number
        self.known = {ticket["id"]: ticket["reopened"] for ticket in product.tickets()}
        self.right_since: float | None = None
        self.first_seen: float | None = None
        self.watched = 0.0
        """When the watch ended; the harm is undone then."""
        self.resolved: float | None = None
        self.seen: list[Ticket] = []
        self.faults: list[str] = []
        self.expected, self.also = drill.expected, drill.also
        self.due = any(not one.optional for one in self.expected)

    def name_answers(self) -> None:
        """As of now: a harm may have given the lab other devices."""
        self.expected, self.also = self.filled(self.drill.expected), self.filled(self.drill.also)

    def filled(self, answers: Iterable[A]) -> tuple[A, ...]:
        """``{host:/mount}`` in an entity stands for the device that the lab happened to get."""

        def device(found: re.Match[str]) -> str:
            return device_of(self.product.site[found[1]], found[2])

        return tuple(
            msgspec.structs.replace(one, entity=re.sub(r"\{(\w+):([^}]+)\}", device, one.entity))
            for one in answers
        )

    def look(self) -> list[Ticket]:
        """The tickets that this drill opened, or opened again: the fault may have been drilled before."""
        if self.product.serving:
            self.seen = [
                ticket
                for ticket in self.product.tickets()
                if self.known.get(ticket["id"], -1) < ticket["reopened"]
            ]
        return [ticket for ticket in self.seen if ticket["status"] not in WITHDRAWN]

    def wrong(self) -> str:
        return difference(self.expected, self.also, self.look())

    def watch(self, steps: Timeline) -> None:
        """Until the right tickets have stood alone for the hold time, or the time is over."""
        while not steps.over or time.time() < self.until(steps):
            steps.advance()
            self.name_answers()
            if self.wrong():
                self.right_since = None
            elif self.right_since is None:
                self.right_since = time.time()
            if self.seen and self.first_seen is None:
                self.first_seen = time.time()
            time.sleep(self.product.look_every)
        self.watched = time.time()
        tickets = self.look()
        if wrong := self.wrong():
            self.faults.append(wrong)
        if late := misdated(self.expected, tickets, steps.harmed):
            self.faults.append(late)
        self.faults += overgrown(self.product, self.drill.limit)
        self.faults += unescaped(self.product, self.drill.inert, tickets)
        self.faults += overclaimed(self.product, self.seen)
        self.compare_with_command_line()

    def until(self, steps: Timeline) -> float:
        """When the watch ends, as things stand now."""
        if not self.due:
            return steps.last + self.drill.hold
        if self.right_since is None:
            return steps.last + self.drill.within
        return max(self.right_since, steps.last) + self.drill.hold

    def compare_with_command_line(self) -> None:
        mine = {ticket["id"] for ticket in self.seen}
        listed = {ticket["id"] for ticket in self.product.listed()}
        if not mine <= listed:
            self.faults.append("`rootward tickets --json` does not list what the API lists")

    def watch_repair(self) -> None:
        """The harm is undone: every ticket must be resolved, by proof, and none opened."""
        repaired = time.time()
        if not self.look():
            return
        while still := [ticket for ticket in self.look() if ticket["status"] in OPEN]:
            if time.time() > repaired + self.drill.resolve_within:
                self.faults.append(f"not resolved {self.drill.resolve_within:g} s after: {names(still)}")
                return
            time.sleep(self.product.look_every)
        self.resolved = time.time() - repaired
        if wrong := self.wrong():
            self.faults.append(f"after the repair: {wrong}")
        self.faults += overclaimed(self.product, self.seen)

    def watch_people(self) -> None:
        """Silence is no proof: the ticket must stand until somebody resolves it, who says why."""
        until = time.time() + SILENT * self.product.patience
        while time.time() < until:
            if not [ticket for ticket in self.look() if ticket["status"] in OPEN]:
                self.faults.append(f"resolved without proof: {names(self.seen)}")
                return
            time.sleep(self.product.look_every)
        for ticket in self.look():
            if ticket["status"] in OPEN:
                self.product.resolve(ticket["id"])

    def outcome(self, steps: Timeline) -> Outcome:
        first, latest = (steps.harmed[0], steps.harmed[-1]) if steps.harmed else (steps.began, steps.began)
        opened = [ticket for ticket in self.seen if ticket["id"] not in self.known]
        onsets = [onset for ticket in opened if (onset := onset_of(ticket)) is not None]
        right = [ticket for ticket in self.seen if any(answers(ticket, one) for one in self.expected)]
        only = self.expected[0] if len(self.expected) == 1 else None
        return Outcome(
            drill=self.drill.name,
            run=self.number,
            verdict="failed" if self.faults else "passed",
            why="; ".join(self.faults),
            seen_by=only.seen_by if only else "",
            answer=names(right or self.seen),
            detected=max(0.0, min(onsets) - first) if onsets and len(steps.harmed) == 1 else None,
            opened=None if self.right_since is None or not self.due else max(0.0, self.right_since - latest),
            resolved=self.resolved,
            merged=sum(ticket["status"] == "merged" for ticket in self.seen),
            tickets=len(self.seen),
            first=None if self.first_seen is None else max(0.0, self.first_seen - first),
            harmed=(first, self.watched),
        )
