"""Whose netmask differs from that of the others behind the same gateway? No host sees that of itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
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


class CompareMasks:
    name = "compare_masks"

    def __init__(self, catalogue: Catalogue, topology: Topology, standing: Standing) -> None:
        self._look = OwnLook(catalogue.signals[SIGNAL], topology, standing)
        self._topology = topology
        self._behind: dict[str, dict[str, Network]] = {}
        """Gateway → host → the network in which it reaches that gateway."""
        self._gateways: dict[str, tuple[str, ...]] = {}
        """Host → its gateways, as they were told last."""

    def run(self, turn: Turn) -> None:
        for applied in turn.arrived:
            if applied.inventory is not None:
                host = applied.inventory.host
                gateways = tuple(each.address for each in applied.inventory.gateways)
                concerned = self._take(host, gateways)
                theirs = {each for one in concerned for each in self._gateways[one]}
                usual = {each: self._usual(each) for each in theirs}
                for one in concerned:
                    self._judge(one, usual, turn)

    def _take(self, host: str, gateways: tuple[str, ...]) -> list[str]:
        """Who has to be judged anew: the host, and all behind a gateway where most now say otherwise."""
        before = {gateway: self._usual(gateway) for gateway in (*self._gateways.get(host, ()), *gateways)}
        for gone in self._gateways.get(host, ()):
            del self._behind[gone][host]
        networks = [each.interface.network for each in self._topology.book.attachments(host)]
        reached: list[str] = []
        for gateway in gateways:
            near = [each for each in networks if _contains(each, gateway)]
            if near:
                longest = max(near, key=lambda network: network.prefixlen)
                self._behind.setdefault(gateway, {})[host] = longest
                reached.append(gateway)
        self._gateways[host] = tuple(reached)
        turned = (gateway for gateway, usual in before.items() if self._usual(gateway) != usual)
        concerned = {host, *(each for gateway in turned for each in self._behind.get(gateway, ()))}
        return sorted(concerned & self._topology.inventories.keys())

    def _usual(self, gateway: str) -> Network | None:
        """The network of most of those behind it that are still known."""
        known = self._topology.inventories
        behind = Counter(own for host, own in self._behind.get(gateway, {}).items() if host in known)
        if not behind:
            return None
        usual, count = behind.most_common(1)[0]
        return usual if count >= ENOUGH and 2 * count > behind.total() else None

    def _judge(self, host: str, usual: Mapping[str, Network | None], turn: Turn) -> None:
        found = (self._odd(host, gateway, usual[gateway]) for gateway in self._gateways[host])
        odd: Evidence = next(filter(None, found), {})
        outcome, subject = Reason.WRONG if odd else Reason.OK, ids.host(host)
        before = self._look.outcome(subject)
        if before is outcome or (before is None and not odd):
            return
        turn.decide(self.name, Masked.DIFFERS if odd else Masked.AGREES_AGAIN, host)
        self._look.tell(subject, outcome, turn.now, turn.now, evidence=odd)

    def _odd(self, host: str, gateway: str, usual: Network | None) -> Evidence:
        """What is odd about it; empty where it has the network that most have, or most have none."""
        own = self._behind[gateway][host]
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
