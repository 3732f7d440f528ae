"""The edges that one host's inventory contributes to the graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from rules.graph import Edge
from rules.models import Relation
from rules.topology.book import AddressBook, Attachment, is_loopback
from rules.topology.parts import Parts
from rules.topology.site import service_id
from rules.topology.way import Plug, Wiring, segment_of
from wire import entity as ids
from wire.entity import Entity
from wire.inventory import Connection, Inventory

Way = Callable[[str, str], tuple[Entity, ...]]
"""What lies between a host and an address."""
LEARNT = 0.8
"""How surely an established connection or an open file means that the service cannot do without."""
DNS_PORT = 53


def edges_of(
    inventory: Inventory, book: AddressBook, wiring: Wiring, way: Way, uses: Mapping[Connection, float]
) -> Iterator[Edge]:
    """Every edge whose child is this host or part of it. ``uses``: when each connection was last there."""
    host = _Host(inventory, book, wiring, way, uses)
    yield from host.machine()
    yield from host.gateways()
    yield from host.resolvers()
    yield from host.volumes()
    yield from host.services()
    yield from host.stores()
    yield from host.connections()
    yield from host.declared()


@dataclass(frozen=True)
class _Host:
    """One host, as its inventory and the address book of all tell of it."""

    inventory: Inventory
    book: AddressBook
    wiring: Wiring
    way: Way
    uses: Mapping[Connection, float]

    @property
    def name(self) -> str:
        return self.inventory.host

    @property
    def entity(self) -> Entity:
        return ids.host(self.name)

    def edge(
        self,
        child: Entity,
        relation: Relation,
        parent: Entity,
        weight: float = 1.0,
        source: str = "discovered",
        *,
        at: float | None = None,
    ) -> Edge:
        """As old as the inventory, where ``at`` does not say otherwise."""
        at = self.inventory.at if at is None else at
        return Edge(child=child, relation=relation, parent=parent, weight=weight, source=source, at=at)

    def machine(self) -> Iterator[Edge]:
        """The agent, the site, the NICs with an address and what they are plugged into; so is the host,
        where that is one thing.
        """
        yield self.edge(ids.agent(self.name), Relation.RUNS_ON, self.entity)
        if site := self.inventory.tags.get("site"):
            yield self.edge(self.entity, Relation.MEMBER_OF, ids.site(site))
        homes: set[Plug] = set()
        for attachment in self.book.attachments(self.name):
            nic, home = ids.nic(self.name, attachment.nic), self._plug(attachment)
            homes.add(home)
            yield self.edge(nic, Relation.RUNS_ON, self.entity)
            yield self.edge(nic, Relation.ATTACHED_TO, home.into, source=home.source, at=home.at)
        if len({home.into for home in homes}) == 1:
            home = min(homes)
            yield self.edge(self.entity, Relation.ATTACHED_TO, home.into, source=home.source, at=home.at)

    def gateways(self) -> Iterator[Edge]:
        for gateway in self.inventory.gateways:
            yield self.edge(self.entity, Relation.ROUTES_VIA, ids.gateway(gateway.address))
            if owner := self.book.last_owner(gateway.address):
                yield self.edge(ids.gateway(gateway.address), Relation.RUNS_ON, ids.host(owner.host))

    def resolvers(self) -> Iterator[Edge]:
        for address in self.inventory.resolvers:
            resolver = ids.resolver(address)
            yield self.edge(self.entity, Relation.RESOLVES_WITH, resolver)
            if service := self._listener(address, DNS_PORT, "udp"):
                yield self.edge(resolver, Relation.SERVED_BY, service)

    def volumes(self) -> Iterator[Edge]:
        parts = Parts(self.inventory)
        for mount in self.inventory.mounts:
            volume = ids.fs(self.name, mount.point)
            yield self.edge(volume, Relation.RUNS_ON, self.entity)
            if mount.disk:
                below = parts.below(mount.disk)
                yield self.edge(volume, Relation.BACKED_BY, below)
                yield self.edge(below, Relation.RUNS_ON, self.entity)
        yield from parts.edges(self.wiring, self.inventory.at)

    def services(self) -> Iterator[Edge]:
        """Those that listen run on their processes, too."""
        listen = {each.service for each in self.inventory.listeners}
        use = {each.service for each in self.inventory.connections}
        keep = {each.service for each in self.inventory.stores}
        for name in sorted(listen | use | keep):
            yield self.edge(ids.service(self.name, name), Relation.RUNS_ON, self.entity)
        for service in sorted({ids.service(self.name, name) for name in listen}):
            for process in processes_of(self.inventory, service):
                yield self.edge(service, Relation.RUNS_ON, process)
                yield self.edge(process, Relation.RUNS_ON, self.entity)

    def stores(self) -> Iterator[Edge]:
        for store in self.inventory.stores:
            service = ids.service(self.name, store.service)
            for place in (ids.fs(self.name, store.mount), ids.mount(self.name, store.mount)):
                yield self.edge(service, Relation.STORED_ON, place, LEARNT, "open files")

    def connections(self) -> Iterator[Edge]:
        """To the service at the far end and its door, and to the gateways on the way there."""
        for use in self.inventory.connections:
            child, at = ids.service(self.name, use.service), self.uses.get(use)
            leans = partial(self.edge, child, weight=LEARNT, source="connection", at=at)
            parent = self._listener(use.address, use.port, "tcp")
            if parent and parent != child:
                yield leans(Relation.DEPENDS_ON, parent)
            owner = self.book.owner(use.address)
            if owner is None or owner.host == self.name:
                continue
            door = ids.port(owner.host, use.port)
            yield leans(Relation.DEPENDS_ON, door)
            for hop in self.way(self.name, use.address):
                if ids.kind_of(hop) == "gateway":
                    yield leans(Relation.ROUTES_VIA, hop)
                    yield leans(Relation.DEPENDS_ON, ids.flow(hop, door))

    def declared(self) -> Iterator[Edge]:
        for dependency in self.inventory.dependencies:
            name = dependency.service
            child = service_id(name if "/" in name else f"{self.name}/{name}")
            yield self.edge(child, Relation.DEPENDS_ON, service_id(dependency.on), source="declared")
        for endpoint in self.inventory.endpoints:
            if endpoint.service:
                service = ids.service(self.name, endpoint.service)
                yield self.edge(ids.endpoint(endpoint.url), Relation.SERVED_BY, service, source="declared")

    def _plug(self, attachment: Attachment) -> Plug:
        """Into a switch as somebody tells, else into the segment that its address stands for."""
        known = self.wiring.plug_of(ids.nic(attachment.host, attachment.nic))
        return known or Plug(segment_of(attachment), "discovered", self.inventory.at)

    def _listener(self, address: str, port: int, protocol: str) -> Entity | None:
        """The service that this host meets there."""
        if is_loopback(address):
            return self.book.service_at(self.name, address, port, protocol)
        owner = self.book.owner(address)
        return self.book.service_at(owner.host, address, port, protocol) if owner else None


def processes_of(inventory: Inventory, service: Entity) -> list[Entity]:
    """The processes that do the work of a service, by the names under which they are looked at."""
    known = [each for each in inventory.listeners if ids.service(inventory.host, each.service) == service]
    names = {name for each in known if each.process for name in (each.process, each.service)}
    return [ids.process(inventory.host, name) for name in sorted(names)]
