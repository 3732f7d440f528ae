"""Who lost the address at which others look for it, and who looks where it no longer is?

With another address, a host is well in its own eyes. Where its name has followed, who asks at the old one is
behind; where it has not, the host is at the wrong place.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from rules.catalogue import Catalogue
from rules.models import Role
from rules.topology import Topology
from rules.topology.told import url_host
from server.diagnosis.own_look import OwnLook
from server.diagnosis.standing import Standing
from server.diagnosis.turn import Turn
from wire import entity as ids
from wire.judgement import Evidence, Path, Reason

MISPLACED, BEHIND = "ip.address", "ip.outdated"
EVERY = 2.0
"""Seconds after which it is judged again, though no host told anything new of itself."""
GIVEN_UP_AFTER = 900.0
"""Seconds after which a lost address that nobody looks for in vain was meant to be lost."""
DOORS = ("app.http", "net.tcp", "tls.certificate")
"""Looks at what somebody wants of a host, mostly by its name; pings go wherever they are sent."""


class Addressed(StrEnum):
    SOUGHT_IN_VAIN = "sought_in_vain"
    LOOKS_IN_VAIN = "looks_in_vain"
    FOUND_AGAIN = "found_again"


class _Vain(NamedTuple):
    """Somebody looks for a host where it is no longer."""

    seeker: str
    host: str
    address: str


def _sought(signal: str, path: Path | None) -> tuple[str, ...]:
    """Where somebody wants something: at the far end, and at the gateway on the way there."""
    if path is None:
        return ()
    return (path.gateway, path.address) if signal in DOORS else (path.gateway,)


class CompareAddresses:
    name = "compare_addresses"

    def __init__(self, catalogue: Catalogue, topology: Topology, standing: Standing) -> None:
        self._looks = {
            signal: OwnLook(catalogue.signals[signal], topology, standing) for signal in (MISPLACED, BEHIND)
        }
        self._topology = topology
        self._standing = standing
        self._had: dict[str, frozenset[str]] = {}
        """Host → its addresses, as they were told last."""
        self._lost: dict[str, dict[str, float]] = {}
        """Host → addresses that it has no longer → since when."""
        self._told: set[tuple[str, str]] = set()
        """(signal, host) of what is told to be wrong."""
        self._judged_at = float("-inf")

    def run(self, turn: Turn) -> None:
        told = turn.told
        for host in told:
            self._take(host, turn.now)
        for host in turn.gone:
            self._had.pop(host, None)
            self._lost.pop(host, None)
        if (self._lost or self._told) and (told or turn.now - self._judged_at >= EVERY):
            self._judged_at = turn.now
            self._judge(turn)

    def _take(self, host: str, now: float) -> None:
        addresses = frozenset(str(one.interface.ip) for one in self._topology.book.attachments(host))
        lost = self._lost.setdefault(host, {})
        for address in self._had.get(host, frozenset()) - addresses:
            lost[address] = now
        for address in addresses & lost.keys():
            del lost[address]
        if not lost:
            del self._lost[host]
        self._had[host] = addresses

    def _judge(self, turn: Turn) -> None:
        vain = sorted(self._vain())
        followed = {host for host in {each.host for each in vain} if self._has_followed(host)}
        wrong: dict[tuple[str, str], Evidence] = {}
        for each in vain:
            if each.host in followed:
                told: Evidence = {"address": each.address, "of": each.host}
                wrong.setdefault((BEHIND, each.seeker), told)
            else:
                has = ", ".join(sorted(self._had[each.host]))
                wrong.setdefault((MISPLACED, each.host), {"address": each.address, "has": has})
        self._give_up({(each.host, each.address) for each in vain}, turn.now)
        for place in sorted(wrong.keys() ^ self._told):
            self._tell(*place, wrong.get(place, {}), turn)
        self._told = set(wrong)

    def _vain(self) -> set[_Vain]:
        """In one pass, since the others may be very many."""
        standing, found = self._standing, set[_Vain]()
        losers: dict[str, list[str]] = {}
        for host, lost in self._lost.items():
            for address in lost:
                losers.setdefault(address, []).append(host)
        for key in standing.failing if losers else ():
            path, seen = standing.entries[key].observation.path, standing.evidence[key]
            address = next((each for each in _sought(key[1], path) if each in losers), "")
            if not address or not standing.lasting(key):
                continue
            taken = self._topology.book.owner(address) is not None
            for host in losers[address]:
                meant = not taken or (Role.HOST, ids.host(host)) in seen.exercised
                if meant and seen.confirmed_at > self._lost[host][address]:
                    found.add(_Vain(key[0], host, address))
        return found

    def _has_followed(self, host: str) -> bool:
        """Do others find it by its name where it is now?"""
        standing, has = self._standing, self._had[host]
        for observer in standing.seen_by.get(ids.host(host), ()):
            for signal in DOORS if observer != host else ():
                for subject in standing.by_signal.get((observer, signal), ()):
                    key = (observer, signal, subject)
                    path = standing.entries[key].observation.path
                    there = path is not None and path.address in has and key not in standing.failing
                    if there and self._topology.book.host_named(url_host(subject)) == host:
                        return True
        return False

    def _give_up(self, sought: set[tuple[str, str]], now: float) -> None:
        """Forget what was lost long ago, and nobody misses."""
        for host, lost in list(self._lost.items()):
            for address, since in list(lost.items()):
                if (host, address) not in sought and now - since > GIVEN_UP_AFTER:
                    del lost[address]
            if not lost:
                del self._lost[host]

    def _tell(self, signal: str, host: str, wrong: Evidence, turn: Turn) -> None:
        outcome = (Reason.MISSING if signal == MISPLACED else Reason.WRONG) if wrong else Reason.OK
        said = Addressed.SOUGHT_IN_VAIN if signal == MISPLACED else Addressed.LOOKS_IN_VAIN
        turn.decide(self.name, said if wrong else Addressed.FOUND_AGAIN, host)
        self._looks[signal].tell(ids.host(host), outcome, turn.now, turn.now, evidence=wrong)
