"""Whose netmask differs from that of the others behind the same gateway? No host sees that of itself."""

from __future__ import annotations

from collections import Counter, defaultdict
from enum import StrEnum
from ipaddress import ip_address

from rules.catalogue import Catalogue
from rules.topology import Topology
from rules.topology.book import Network
from server.diagnosis.own_look import OwnLook
from server.diagnosis.standing import Standing
from server.diagnosis.turn import Turn
from wire import entity as ids
from wire.judgement import Evidence, Reason

SIGNAL = "ip.netmask"
ENOUGH = 2
"""So many others must agree with each other."""


class Masked(StrEnum):
    DIFFERS = "differs"
    AGREES_AGAIN = "agrees_again"


class _Behind:
    """The hosts behind one gateway, counted as they come and go: a large site need not be gone through."""

    def __init__(self) -> None:
        self.own: dict[str, Network] = {}
        """Host → the network in which it reaches the gateway."""
        self._hosts: Counter[Network] = Counter()

    def put(self, host: str, network: Network) -> None:
        self.own[host] = network
        self._hosts[network] += 1

    def drop(self, host: str) -> None:
        self._hosts[self.own.pop(host)] -= 1

    @property
    def usual(self) -> Network | None:
        """The network of most of them; None where no majority agrees."""
        usual, count = next(iter(self._hosts.most_common(1)), (None, 0))
        return usual if count >= ENOUGH and 2 * count > len(self.own) else None


class CompareMasks:
    name = "compare_masks"

    def __init__(self, catalogue: Catalogue, topology: Topology, standing: Standing) -> None:
        self._look = OwnLook(catalogue.signals[SIGNAL], topology, standing)
        self._topology = topology
        self._behind: defaultdict[str, _Behind] = defaultdict(_Behind)
        """By gateway."""
        self._gateways: dict[str, tuple[str, ...]] = {}
        """Host → its gateways, as they were told last."""

    def run(self, turn: Turn) -> None:
        for host in turn.gone:
            self._forget(host)
        known = self._topology.inventories
        for inventory in (known[host] for host in turn.told if host in known):
            gateways = tuple(each.address for each in inventory.gateways)
            for one in self._take(inventory.host, gateways):
                self._judge(one, turn)

    def _forget(self, host: str) -> None:
        for gateway in self._gateways.pop(host, ()):
            self._behind[gateway].drop(host)

    def _take(self, host: str, gateways: tuple[str, ...]) -> list[str]:
        """Who has to be judged anew: the host, and all behind a gateway where most now say otherwise."""
        concerned = {*self._gateways.get(host, ()), *gateways}
        before = {gateway: self._behind[gateway].usual for gateway in concerned}
        self._forget(host)
        networks = [each.interface.network for each in self._topology.book.attachments(host)]
        reached: list[str] = []
        for gateway in dict.fromkeys(gateways):
            near = [each for each in networks if _contains(each, gateway)]
            near = near or [each for each in networks if self._too_narrow(each, gateway)]
            if near:
                self._behind[gateway].put(host, max(near, key=lambda network: network.prefixlen))
                reached.append(gateway)
        self._gateways[host] = tuple(reached)
        found = {host}
        for gateway, usual in before.items():
            behind = self._behind[gateway]
            if behind.usual != usual:
                found |= behind.own.keys()
            if not behind.own:
                del self._behind[gateway]
        return sorted(found)

    def _too_narrow(self, network: Network, gateway: str) -> bool:
        """Does it hold but a part of those with whom the host shares the gateway, and not the gateway?"""
        usual = self._behind[gateway].usual if gateway in self._behind else None
        return usual is not None and network.num_addresses > 2 and _contains(usual, str(network[0]))

    def _judge(self, host: str, turn: Turn) -> None:
        found = (self._odd(host, gateway) for gateway in self._gateways[host])
        odd: Evidence = next(filter(None, found), {})
        outcome, subject = Reason.WRONG if odd else Reason.OK, ids.host(host)
        if self._look.is_news(subject, outcome):
            turn.decide(self.name, Masked.DIFFERS if odd else Masked.AGREES_AGAIN, host)
            self._look.tell(subject, outcome, turn.now, turn.now, evidence=odd)

    def _odd(self, host: str, gateway: str) -> Evidence:
        """What is odd about it; empty where it has the network that most have, or most have none."""
        own, usual = self._behind[gateway].own[host], self._behind[gateway].usual
        if usual is None or usual == own:
            return {}
        return {"network": str(own), "of_the_others": str(usual), "gateway": gateway}


def _contains(network: Network, address: str) -> bool:
    """A network of one address is no link."""
    try:
        wanted = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return network.num_addresses > 2 and wanted.version == network.version and wanted in network
