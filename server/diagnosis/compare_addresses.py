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
        self._lost: dict[tuple[str, str], float] = {}
        """(host, address) → since when it has it no longer."""

    def run(self, turn: Turn) -> None:
        told = {one.inventory.host for one in turn.arrived if one.inventory is not None}
        if told or not self._had:
            told |= self._topology.inventories.keys() - self._had.keys()  # told before the server was started
        for host in sorted(told):
            self._take(host, turn.now)
        for host in sorted({host for host, _ in self._lost}):
            self._judge(host, turn)

    def _take(self, host: str, now: float) -> None:
        addresses = frozenset(str(one.interface.ip) for one in self._topology.book.attachments(host))
        for address in self._had.get(host, frozenset()) - addresses:
            self._lost.setdefault((host, address), now)
        self._had[host] = addresses

    def _judge(self, host: str, turn: Turn) -> None:
        subject = ids.host(host)
        missed = self._missed(host, turn.now)
        outcome = Reason.MISSING if missed else Reason.OK
        if outcome is (self._look.outcome(subject) or Reason.OK):
            return
        turn.decide(self.name, Addressed.SOUGHT_IN_VAIN if missed else Addressed.FOUND_AGAIN, host)
        self._look.tell(subject, outcome, turn.now, turn.now, evidence=missed)

    def _missed(self, host: str, now: float) -> Evidence:
        """The first that others look for in vain; empty where there is none."""
        missed: Evidence = {}
        for address in sorted(address for of, address in self._lost if of == host):
            since = self._lost[host, address]
            found = address in self._had[host]
            if not found and self._sought(host, address):
                missed = missed or {"address": address, "has": ", ".join(sorted(self._had[host]))}
            elif found or now - since > GIVEN_UP_AFTER:
                del self._lost[host, address]
        return missed

    def _sought(self, host: str, address: str) -> bool:
        """Does a look at this host by its lost address fail?"""
        standing, there = self._standing, (Role.HOST, ids.host(host))
        for key in standing.failing:
            path = standing.entries[key].observation.path
            if path is not None and path.address == address and there in standing.evidence[key].exercised:
                return True
        return False
