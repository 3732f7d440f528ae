"""One picture of all hosts, kept up to date inventory by inventory."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from rules.evidence import Exercised
from rules.graph import Edge, Graph
from rules.models import Relation, Signal
from rules.topology.backends import Backend, Backends
from rules.topology.book import AddressBook
from rules.topology.edges import edges_of
from rules.topology.exercise import Exercise
from rules.topology.groups import Groups, groups_in
from rules.topology.misnamed import Misnamed
from rules.topology.refused import RefusedFiles
from rules.topology.site import Site, check, groups_of, plugs_of, service_id
from rules.topology.trunks import Trunks, trunk
from rules.topology.vanished import Vanished
from rules.topology.way import Wiring
from wire import entity as ids
from wire.entity import Entity
from wire.inventory import Inventory
from wire.judgement import Path


class Topology:
    """Declared and discovered facts; ``graph`` is what the engine reasons over."""

    def __init__(self, server_host: str = "") -> None:
        self.graph = Graph()
        self.revision = 0
        """Rises whenever something that was told or declared may have changed the picture."""
        self.book = AddressBook()
        self.wiring = Wiring()
        self.inventories: dict[str, Inventory] = {}
        """By host, with what has vanished from them lately."""
        self._said: dict[str, Inventory] = {}
        self._vanished = Vanished()
        self._edges: dict[str, dict[tuple[Entity, Relation, Entity], Edge]] = {}
        self._referrers: dict[str, set[str]] = {}
        self._backends = Backends()
        self._refused = RefusedFiles()
        self._misnamed = Misnamed()
        self._groups = Groups(self.graph)
        self._declared: list[Edge] = []
        self._pinned: set[Entity] = set()
        self._exercise = Exercise(self.book, self.wiring, self._backends, self.inventories, server_host)

    def update(self, inventory: Inventory) -> bool:
        """Replace what is known of one host; true when the graph may have changed."""
        name = inventory.host
        said = self._said.get(name)
        if said is not None and _timeless(said) == _timeless(inventory):
            return False
        self._said[name] = inventory
        self.revision += 1
        inventory = self.inventories[name] = self._vanished.complete(inventory)
        before = {str(attachment.interface.ip) for attachment in self.book.attachments(name)}
        self.book.put(inventory)
        after = {str(attachment.interface.ip) for attachment in self.book.attachments(name)}
        for nic in inventory.nics:
            entity = ids.nic(name, nic.name)
            if nic.switch and entity not in self._pinned:
                self.wiring.plug(entity, ids.switch(nic.switch), "lldp", inventory.at)
        self._exercise.forget()
        self._rebuild({name, *self._who_refers(before | after)})
        return True

    def failed(self, service: Entity, address: str, port: int, at: float) -> bool:
        """A service said that what it passes requests on to does not answer; true when the graph changed."""
        if not self._backends.note(service, Backend(address, port), at):
            return False
        self._referrers.setdefault(address, set()).add(ids.host_of(service))
        self._exercise.forget_looks()
        self._rebuild({ids.host_of(service)})
        return True

    def refused(self, service: Entity, file: Entity, at: float) -> bool:
        """A service said that it does not take a file of its host; true when the graph changed."""
        if not self._refused.note(service, file, at):
            return False
        self._rebuild({ids.host_of(service)})
        return True

    def misnamed(self, name: str) -> bool:
        """A name server says of this name what is not true; true when the graph changed."""
        host = self.book.host_named(name)
        if not host or not self._misnamed.note(name, host):
            return False
        addresses = {str(each.interface.ip) for each in self.book.attachments(host)}
        self._rebuild(self._who_refers(addresses))
        return True

    def forget(self, host: str) -> None:
        """The host is retired: nothing of it is left."""
        self.revision += 1
        self._exercise.forget()
        self._backends.forget(host)
        self._refused.forget(host)
        self._misnamed.forget(host)
        self._vanished.forget(host)
        self._said.pop(host, None)
        self._groups.tell(host, ())
        if self.inventories.pop(host, None) is None:
            return
        gone = {str(attachment.interface.ip) for attachment in self.book.attachments(host)}
        self.book.drop(host)
        for edge in self._edges.pop(host, {}).values():
            self.graph.remove(edge)
        self._rebuild(self._who_refers(gone))

    def declare(self, site: Site, at: float = 0.0) -> None:
        """Take a site file in place of the one before. Raises ValueError, naming the entry, if it is bad.

        ``at``: when it was declared.
        """
        check(site)
        self.revision += 1
        plugs = plugs_of(site)
        for nic in self._pinned:
            self.wiring.unplug(nic)
        self.wiring.trunks.clear()
        for edge in self._declared:
            self.graph.remove(edge)
        for nic, into in plugs:
            self.wiring.plug(nic, into, "declared", at)
        self._pinned = {nic for nic, _ in plugs}
        for switch in site.switch:
            for uplink in switch.uplinks:
                self.wiring.trunks.add(ids.switch(switch.name), ids.switch(uplink))
        self._declared = list(_declared_edges(site, self.wiring.trunks, at))
        for edge in self._declared:
            self.graph.add(edge)
        self._groups.declare(groups_of(site))
        self._exercise.forget()
        self._rebuild(set(self.inventories))

    def exercised(
        self, observer: str, signal: Signal, subject: Entity, path: Path | None
    ) -> tuple[Exercised, ...]:
        """What a look by ``observer`` touched, and in which role, as far as is known now."""
        return self._exercise.of(observer, subject, path, signal.exercises)

    def shares(self, observer: str, subject: Entity, path: Path | None) -> tuple[tuple[Entity, float], ...]:
        """What such a look may have crossed or not, with the probability that it has: see ``Crossed``."""
        return self._exercise.shares(observer, subject, path)

    def way(self, host: str, address: str) -> tuple[Entity, ...]:
        """What surely lies between a host and an address, in order."""
        return self._exercise.way(host, address)

    def _who_refers(self, addresses: set[str]) -> set[str]:
        return {host for address in addresses for host in self._referrers.get(address, ())}

    def _rebuild(self, hosts: set[str]) -> None:
        for host in sorted(hosts):
            inventory = self.inventories.get(host)
            if inventory is None:
                continue
            uses = self._vanished.uses(host)
            inventory = msgspec.structs.replace(inventory, connections=tuple(uses))
            for address in _mentioned(inventory):
                self._referrers.setdefault(address, set()).add(host)
            self._groups.tell(host, groups_in(inventory, self.book))
            drawn = list(edges_of(inventory, self.book, self.wiring, self._exercise.way, uses))
            fresh = {
                (edge.child, edge.relation, edge.parent): edge
                for edge in (
                    *self._backends.edges(host, self.book, self._exercise.way),
                    *self._groups.through(host, drawn),
                    *self._refused.edges(host),
                    *self._misnamed.edges(drawn),
                )
            }
            for key, edge in self._edges.get(host, {}).items():
                if key not in fresh:
                    self.graph.remove(edge)
            for edge in fresh.values():
                self.graph.add(edge)
            self._edges[host] = fresh


def _timeless(inventory: Inventory) -> tuple[object, ...]:
    return tuple(getattr(inventory, name) for name in inventory.__struct_fields__ if name != "at")


def _mentioned(inventory: Inventory) -> set[str]:
    """Addresses of others from which edges of this host are drawn."""
    found = {gateway.address for gateway in inventory.gateways}
    found |= set(inventory.resolvers)
    found |= {use.address for use in inventory.connections}
    return found


def _declared_edges(site: Site, trunks: Trunks, at: float) -> Iterable[Edge]:
    for switch in site.switch:
        for uplink in switch.uplinks:
            below, above = ids.switch(switch.name), ids.switch(uplink)
            weight = 1.0 if trunks.is_bridge(below, above) else 0.0  # else there is a way around
            for bearer in (above, trunk(below, above)):
                yield Edge(below, Relation.ATTACHED_TO, bearer, weight, source="declared", at=at)
    for dependency in site.dependency:
        below, above = service_id(dependency.service), service_id(dependency.on)
        yield Edge(below, Relation.DEPENDS_ON, above, source="declared", at=at)
