"""Who lost the address at which others look for it? With another one, each host is well in its own eyes."""

from __future__ import annotations

from enum import StrEnum

from rules.catalogue import Catalogue
from rules.models import Role
from rules.topology import Topology
from server.diagnosis.own_look import OwnLook
from server.diagnosis.standing import Standing
from server.diagnosis.turn import Turn
from wire import entity as ids
from wire.judgement import Evidence, Reason

SIGNAL = "ip.address"
EVERY = 2.0
"""Seconds after which it is judged again, though no host told anything new of itself."""
GIVEN_UP_AFTER = 900.0
"""Seconds after which a lost address that nobody looks for in vain was meant to be lost."""


class Addressed(StrEnum):
    SOUGHT_IN_VAIN = "sought_in_vain"
    FOUND_AGAIN = "found_again"


class CompareAddresses:
    name = "compare_addresses"

    def __init__(self, catalogue: Catalogue, topology: Topology, standing: Standing) -> None:
        self._look = OwnLook(catalogue.signals[SIGNAL], topology, standing)
        self._topology = topology
        self._standing = standing
        self._had: dict[str, frozenset[str]] = {}
        """Host → its addresses, as they were told last."""
        self._lost: dict[str, dict[str, float]] = {}
        """Host → addresses that it has no longer → since when."""
        self._judged_at = float("-inf")

    def run(self, turn: Turn) -> None:
        told = {one.inventory.host for one in turn.arrived if one.inventory is not None}
        if not self._had:
            told |= self._topology.inventories.keys()  # told before the server was started
        for host in sorted(told):
            self._take(host, turn.now)
        for host in [one.host for one in turn.arrived if one.gone]:
            self._had.pop(host, None)
            self._lost.pop(host, None)
        if self._lost and (told or turn.now - self._judged_at >= EVERY):
            self._judged_at = turn.now
            sought = self._sought()
            for host in sorted(self._lost):
                self._judge(host, sought.get(host, set()), turn)

    def _take(self, host: str, now: float) -> None:
        addresses = frozenset(str(one.interface.ip) for one in self._topology.book.attachments(host))
        for address in self._had.get(host, frozenset()) - addresses:
            self._lost.setdefault(host, {}).setdefault(address, now)
        self._had[host] = addresses

    def _sought(self) -> dict[str, set[str]]:
        """Host → lost addresses at which a look at it fails."""
        standing, found = self._standing, dict[str, set[str]]()
        lost = {address for addresses in self._lost.values() for address in addresses}
        for key in standing.failing:
            path = standing.entries[key].observation.path
            if path is None or path.address not in lost:
                continue
            for role, entity in standing.evidence[key].exercised:
                if role is Role.HOST:
                    found.setdefault(ids.name_of(entity), set()).add(path.address)
        return found

    def _judge(self, host: str, sought: set[str], turn: Turn) -> None:
        lost, has = self._lost[host], self._had[host]
        missed = next((each for each in sorted(lost) if each in sought and each not in has), "")
        for address, since in list(lost.items()):
            if address in has or (address not in sought and turn.now - since > GIVEN_UP_AFTER):
                del lost[address]
        if not lost:
            del self._lost[host]
        outcome, subject = Reason.MISSING if missed else Reason.OK, ids.host(host)
        if outcome is (self._look.outcome(subject) or Reason.OK):
            return
        turn.decide(self.name, Addressed.SOUGHT_IN_VAIN if missed else Addressed.FOUND_AGAIN, host)
        told: Evidence = {"address": missed, "has": ", ".join(sorted(has))} if missed else {}
        self._look.tell(subject, outcome, turn.now, turn.now, evidence=told)
