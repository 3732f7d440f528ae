"""The edges that one host's inventory contributes to the graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

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
    name = inventory.host
    machine = ids.host(name)

    def edge(
        child: Entity,
        relation: Relation,
        parent: Entity,
        weight: float = 1.0,
        source: str = "discovered",
        *,
        at: float = inventory.at,
    ) -> Edge:
        return Edge(child=child, relation=relation, parent=parent, weight=weight, source=source, at=at)

    yield edge(ids.agent(name), Relation.RUNS_ON, machine)
    if site := inventory.tags.get("site"):
        yield edge(machine, Relation.MEMBER_OF, ids.site(site))
    yield from _wires(inventory, book.attachments(name), wiring)
    for gateway in inventory.gateways:
        yield edge(machine, Relation.ROUTES_VIA, ids.gateway(gateway.address))
        if owner := book.last_owner(gateway.address):
            yield edge(ids.gateway(gateway.address), Relation.RUNS_ON, ids.host(owner.host))
    for address in inventory.resolvers:
        resolver = ids.resolver(address)
        yield edge(machine, Relation.RESOLVES_WITH, resolver)
        if service := _listener(book, name, address, DNS_PORT, "udp"):
            yield edge(resolver, Relation.SERVED_BY, service)
    parts = Parts(inventory)
    for mount in inventory.mounts:
        volume = ids.fs(name, mount.point)
        yield edge(volume, Relation.RUNS_ON, machine)
        if mount.disk:
            below = parts.below(mount.disk)
            yield edge(volume, Relation.BACKED_BY, below)
            yield edge(below, Relation.RUNS_ON, machine)
    yield from parts.edges(wiring, inventory.at)
    known = {listener.service for listener in inventory.listeners}
    known |= {use.service for use in inventory.connections} | {use.service for use in inventory.stores}
    for service in sorted(known):
        yield edge(ids.service(name, service), Relation.RUNS_ON, machine)
    for service in sorted({ids.service(name, listener.service) for listener in inventory.listeners}):
        for process in processes_of(inventory, service):
            yield edge(service, Relation.RUNS_ON, process)
            yield edge(process, Relation.RUNS_ON, machine)
    for store in inventory.stores:
        service = ids.service(name, store.service)
        for place in (ids.fs(name, store.mount), ids.mount(name, store.mount)):
            yield edge(service, Relation.STORED_ON, place, LEARNT, "open files")
    for use in inventory.connections:
        parent = _listener(book, name, use.address, use.port, "tcp")
        child = ids.service(name, use.service)
        at = uses.get(use, inventory.at)
        if parent and parent != child:
            yield edge(child, Relation.DEPENDS_ON, parent, LEARNT, "connection", at=at)
        owner = book.owner(use.address)
        if owner and owner.host != name:
            door = ids.port(owner.host, use.port)
            yield edge(child, Relation.DEPENDS_ON, door, LEARNT, "connection", at=at)
            for hop in (each for each in way(name, use.address) if ids.kind_of(each) == "gateway"):
                yield edge(child, Relation.ROUTES_VIA, hop, LEARNT, "connection", at=at)
                yield edge(child, Relation.DEPENDS_ON, ids.flow(hop, door), LEARNT, "connection", at=at)
    for declared in inventory.dependencies:
        child = service_id(declared.service if "/" in declared.service else f"{name}/{declared.service}")
        yield edge(child, Relation.DEPENDS_ON, service_id(declared.on), source="declared")
    for endpoint in inventory.endpoints:
        if endpoint.service:
            door = ids.endpoint(endpoint.url)
            yield edge(door, Relation.SERVED_BY, ids.service(name, endpoint.service), source="declared")


def processes_of(inventory: Inventory, service: Entity) -> list[Entity]:
    """The processes that do the work of a service, by the names under which they are looked at."""
    known = [each for each in inventory.listeners if ids.service(inventory.host, each.service) == service]
    names = {name for each in known if each.process for name in (each.process, each.service)}
    return [ids.process(inventory.host, name) for name in sorted(names)]


def _wires(inventory: Inventory, attachments: list[Attachment], wiring: Wiring) -> Iterator[Edge]:
    """The NICs with an address and what they are plugged into; so is the host, where that is one thing."""
    machine = ids.host(inventory.host)
    homes: set[Plug] = set()
    for attachment in attachments:
        nic, home = ids.nic(inventory.host, attachment.nic), _plug(wiring, attachment, inventory.at)
        homes.add(home)
        yield Edge(nic, Relation.RUNS_ON, machine, at=inventory.at)
        yield Edge(nic, Relation.ATTACHED_TO, home.into, source=home.source, at=home.at)
    if len({home.into for home in homes}) == 1:
        home = min(homes)
        yield Edge(machine, Relation.ATTACHED_TO, home.into, source=home.source, at=home.at)


def _plug(wiring: Wiring, attachment: Attachment, at: float) -> Plug:
    """Into a switch as somebody tells, else into the segment that its address stands for."""
    known = wiring.plug_of(ids.nic(attachment.host, attachment.nic))
    return known or Plug(segment_of(attachment), "discovered", at)


def _listener(book: AddressBook, host: str, address: str, port: int, protocol: str) -> Entity | None:
    if is_loopback(address):
        return book.service_at(host, address, port, protocol)
    owner = book.owner(address)
    return book.service_at(owner.host, address, port, protocol) if owner else None
