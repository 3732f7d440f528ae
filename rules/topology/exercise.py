"""From a look to the entities it exercised: engine rule 14's expansion of local facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from rules.evidence import Exercised
from rules.models import Role
from rules.topology.backends import Backends
from rules.topology.book import AddressBook, Attachment, is_loopback
from rules.topology.edges import processes_of
from rules.topology.told import address_in, name_and_zone, url_host, url_port
from rules.topology.trunks import Crossed
from rules.topology.way import NO_WAY, Way, Wiring, way, way_of
from wire import entity as ids
from wire.entity import Entity
from wire.inventory import Inventory
from wire.judgement import Path

NO_PATH = Path()
DNS_PORT = 53
UDP_SCHEMES = frozenset(["ntp", "snmp"])
VOLUME = {"fs": "mount", "mount": "fs"}
SERVER = "rootward"
"""The name under which the server itself observes."""
REMEMBERED = 200_000
"""Looks of which it is remembered what they exercise, at most."""


class Exercise:
    """Expands looks, remembering each way and each look until the picture changes."""

    def __init__(
        self,
        book: AddressBook,
        wiring: Wiring,
        backends: Backends,
        inventories: Mapping[str, Inventory],
        server_host: str,
    ) -> None:
        self._book = book
        self._backends = backends
        self._wiring = wiring
        self._inventories = inventories
        self._server_host = server_host
        self._ways: dict[tuple[str, str, str, str], Way] = {}
        self._looks: dict[tuple[str, Entity, Path, tuple[Role, ...]], tuple[Exercised, ...]] = {}

    def forget(self) -> None:
        """The picture changed: ways must be found anew."""
        self._ways.clear()
        self.forget_looks()

    def forget_looks(self) -> None:
        """Who stands behind which door is told anew."""
        self._looks.clear()

    def of(
        self, observer: str, subject: Entity, path: Path | None, wanted: tuple[Role, ...]
    ) -> tuple[Exercised, ...]:
        look = (observer, subject, path or NO_PATH, wanted)
        if look not in self._looks:
            if len(self._looks) >= REMEMBERED:
                self._looks.clear()
            self._looks[look] = self._find(*look)
        return self._looks[look]

    def shares(self, observer: str, subject: Entity, path: Path | None) -> tuple[tuple[Entity, float], ...]:
        """What the look may have crossed or not, with the probability that it has."""
        place = observer if observer != SERVER else self._server_host
        return self._crossed(observer, place, subject, path or NO_PATH).shares

    def way(self, place: str, address: str) -> tuple[Entity, ...]:
        """What surely lies between a host and an address, the addresses left out."""
        return tuple(
            each.entity
            for each in self._way(place, address, "", "").crossed
            if each.share == 1.0 and ids.kind_of(each.entity) != "address"
        )

    def _find(
        self, observer: str, subject: Entity, path: Path, wanted: tuple[Role, ...]
    ) -> tuple[Exercised, ...]:
        roles = frozenset(wanted)
        found = self._all(observer, subject, path)
        if Role.PATH in roles:
            roles |= {Role.AVOIDABLE}
        return tuple(dict.fromkeys([pair for pair in found if pair[0] in roles]))

    def _all(self, observer: str, subject: Entity, path: Path) -> list[Exercised]:
        place = observer if observer != SERVER else self._server_host
        far = self._far_host(place, subject, path)
        found = [(Role.SELF, entity) for entity in self._selves(place, far, subject, path)]
        between = self._crossed(observer, place, subject, path)
        if far:
            found.append((Role.HOST, ids.host(far)))
        else:
            found += self._fronts(subject, path, between.crossed)
        found += between.exercised
        if path.resolver:
            found += [(Role.RESOLVER, entity) for entity in self._asked(place, subject, path)]
        if place:
            found.append((Role.OBSERVER, ids.host(place)))
        if place and observer != SERVER:
            found.append((Role.OBSERVER, ids.agent(place)))
        return found

    def _fronts(self, subject: Entity, path: Path, crossed: tuple[Crossed, ...]) -> Iterator[Exercised]:
        """Who passes requests on to there, and the traffic to that door through each gateway."""
        address = path.address or address_in(subject)
        port = (path.port or url_port(subject)) if ids.kind_of(subject) == "endpoint" else 0
        fronts = self._backends.fronts(address, port)
        yield from ((Role.FRONT, each) for each in fronts)
        if fronts and port:
            for each in crossed:
                if ids.kind_of(each.entity) == "gateway":
                    yield Role.SELF, ids.flow(each.entity, ids.port(address, port))

    def _far_host(self, place: str, subject: Entity, path: Path) -> str:
        """The host that the subject is part of or answers from."""
        if named := ids.host_of(ids.port_of(subject) if ids.kind_of(subject) == "flow" else subject):
            return named
        address = path.address or address_in(subject)
        if address and is_loopback(address):
            return place
        owner = self._book.owner(address) if address else None
        if owner:
            return owner.host
        kind = ids.kind_of(subject)
        return self._book.host_named(url_host(subject)) if kind == "endpoint" else ""

    def _selves(self, place: str, far: str, subject: Entity, path: Path) -> Iterator[Entity]:
        """The subject and what else it is."""
        kind = ids.kind_of(subject)
        if kind in ("record", "zone"):
            name, _, _ = ids.name_of(subject).partition("@")
            yield from name_and_zone(name) if kind == "record" else (f"zone:{name}",)
            return
        yield subject
        if kind in VOLUME:
            # What is stored and where it is mounted are looked at as one; faults tell them apart.
            yield f"{VOLUME[kind]}:{ids.name_of(subject)}"
        if kind == "address" and self._routes_via(place, ids.name_of(subject)):
            yield ids.gateway(ids.name_of(subject))
        if kind == "gateway":
            yield ids.address(ids.name_of(subject))
        if kind == "endpoint":
            yield ids.door(subject)
        if kind == "flow":
            yield ids.port_of(subject)
        if not far:
            return
        if kind == "endpoint":
            number = path.port or url_port(subject)
            protocol = "udp" if urlsplit(ids.name_of(subject)).scheme in UDP_SCHEMES else "tcp"
            yield ids.port(far, number, protocol)
            if service := self._book.service_at(far, path.address, number, protocol):
                yield service
                yield from self._processes_of(far, service)
        elif kind == "resolver" and (service := self._dns_at(far, ids.name_of(subject))):
            yield ids.port(far, DNS_PORT, "udp")
            yield service
            yield from self._processes_of(far, service)
        elif kind == "service":
            yield from self._processes_of(far, subject)

    def _processes_of(self, host: str, service: Entity) -> list[Entity]:
        """Of a service that nobody knows, which a log named by the program that wrote: that program."""
        inventory = self._inventories.get(host)
        if inventory is None:
            return []
        known = any(ids.service(host, each.service) == service for each in inventory.listeners)
        if known:
            return processes_of(inventory, service)
        return [ids.process(host, ids.name_of(service).partition("/")[2])]

    def _routes_via(self, place: str, address: str) -> bool:
        inventory = self._inventories.get(place)
        return inventory is not None and any(each.address == address for each in inventory.gateways)

    def _crossed(self, observer: str, place: str, subject: Entity, path: Path) -> Way:
        kind = ids.kind_of(subject)
        if kind == "nic":
            plugged = self._wiring.where(subject)
            return way_of(Crossed(plugged)) if plugged else self._segments_of(subject)
        if kind == "bond":
            return self._plugs_of(subject)
        if observer == SERVER:
            return self._back_to_server(ids.host_of(subject))
        address = path.address or address_in(subject)
        return self._way(place, address, path.gateway, path.interface) if address else NO_WAY

    def _asked(self, place: str, subject: Entity, path: Path) -> Iterator[Entity]:
        """The name and its zone, the resolver, its service and host, and what lies on the way to it."""
        if ids.kind_of(subject) == "endpoint":
            yield from name_and_zone(url_host(subject))
        yield ids.resolver(path.resolver)
        if is_loopback(path.resolver):
            owner_host = place
        else:
            owner = self._book.owner(path.resolver)
            owner_host = owner.host if owner else ""
            there = self._way(place, path.resolver, "", "").crossed
            yield from (each.entity for each in there if not each.avoidable)
        if owner_host:
            yield ids.host(owner_host)
            yield ids.port(owner_host, DNS_PORT, "udp")
            if service := self._dns_at(owner_host, path.resolver):
                yield service

    def _dns_at(self, host: str, address: str) -> Entity | None:
        return self._book.service_at(host, address, DNS_PORT, "udp")

    def _back_to_server(self, host: str) -> Way:
        """The way of a heartbeat: to the server's host where it is known, else to the first gateway."""
        for attachment in self._book.attachments(self._server_host):
            between = self._way(host, str(attachment.interface.ip), "", "")
            if between.crossed:
                return between
        inventory = self._inventories.get(host)
        if inventory and inventory.gateways:
            return self._way(host, inventory.gateways[0].address, "", "")
        attachments = self._book.attachments(host)
        return way_of(*(Crossed(ids.nic(host, attachment.nic)) for attachment in attachments))

    def _segments_of(self, nic: Entity) -> Way:
        host, _, interface = ids.name_of(nic).partition("/")
        here = (each for each in self._book.attachments(host) if each.nic == interface)
        return way_of(*(Crossed(ids.segment(str(each.interface.network))) for each in here))

    def _plugs_of(self, bond: Entity) -> Way:
        """What the ports of a bond are plugged into."""
        inventory = self._inventories.get(ids.host_of(bond))
        ports = inventory.nics if inventory else ()
        into = [
            self._wiring.where(ids.nic(ids.host_of(bond), port.name))
            for port in ports
            if port.master and ids.bond(ids.host_of(bond), port.master) == bond
        ]
        return way_of(*(Crossed(each) for each in dict.fromkeys(into) if each))

    def _way(self, place: str, address: str, gateway: str, interface: str) -> Way:
        key = (place, address, gateway, interface)
        known = self._ways.get(key)
        if known is None:
            known = self._ways[key] = way_of(*self._find_way(place, address, gateway, interface))
        return known

    def _find_way(self, place: str, address: str, gateway: str, interface: str) -> tuple[Crossed, ...]:
        owner = self._book.owner(address)
        if is_loopback(address) or (owner and owner.host == place):
            return ()
        source = self._source(place, address, interface)
        if source is None:
            return (Crossed(ids.nic(place, interface)),) if place and interface else ()
        hop = gateway or ("" if _on_link(source, address) else self._gateway_of(place, source))
        crossed = way(self._book, self._wiring, source, address, hop)
        addresses = dict.fromkeys((str(source.interface.ip), hop, address))
        left = self._site_of(place) if hop and self._book.is_outside(address) else ()
        return (*crossed, *left, *(Crossed(ids.address(each)) for each in addresses if each))

    def _site_of(self, place: str) -> tuple[Crossed, ...]:
        """What goes outside leaves the site by its uplink, whatever that consists of."""
        inventory = self._inventories.get(place)
        site = inventory.tags.get("site") if inventory else None
        return (Crossed(ids.site(site)),) if site else ()

    def _source(self, place: str, address: str, interface: str) -> Attachment | None:
        """The NIC by which the observer sends there: as it said, else on that link, else its gateway's."""
        attachments = self._book.attachments(place)
        named = [a for a in attachments if a.nic == interface]
        near = [a for a in named or attachments if _on_link(a, address)]
        if near or named:
            return (near or named)[0]
        inventory = self._inventories.get(place)
        via = {gateway.interface for gateway in inventory.gateways} if inventory else set()
        return next((a for a in attachments if a.nic in via), attachments[0] if attachments else None)

    def _gateway_of(self, place: str, source: Attachment) -> str:
        inventory = self._inventories.get(place)
        for gateway in inventory.gateways if inventory else ():
            if gateway.interface == source.nic:
                return gateway.address
        return ""


def _on_link(attachment: Attachment, address: str) -> bool:
    try:
        target = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    network = attachment.interface.network
    return target.version == network.version and target in network
