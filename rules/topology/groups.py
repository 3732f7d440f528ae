"""Groups of which some members may fail: those that a site declares, and those that show in an inventory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from hashlib import blake2b
from ipaddress import ip_address
from itertools import groupby

import msgspec

from rules.graph import Edge, Graph, Group
from rules.models import Relation
from rules.topology.book import AddressBook
from rules.topology.parts import Parts
from wire import entity as ids
from wire.entity import Entity, host_of, kind_of, name_of
from wire.inventory import Inventory

BALANCERS = (
    "haproxy*",
    "nginx*",
    "envoy*",
    "traefik*",
    "caddy*",
    "varnish*",
    "apache2*",
    "httpd*",
    "pgbouncer*",
)
"""Services that pass on what they are asked to any of several others."""
REPLICAS = ("postgres*", "mysql*", "mariadb*", "redis*", "valkey*", "slapd*", "opendj*")
"""Services that keep copies of each other's data; a connection from one to its like is replication."""
QUORUM = (
    *("etcd*", "consul*", "zookeeper*", "kafka*", "mongod*", "rabbitmq*", "beam*", "elasticsearch*"),
    *("opensearch*", "cassandra*", "nats*", "cockroach*"),
)
"""The same, and more than half of them must agree."""
NAMED = 4
"""Members whose names stand in the id of their group; of more, the first and how many."""


class Groups:
    """Keeps a graph in step. A group that several hosts tell of is there until the last one tells no more."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._declared: list[Group] = []
        self._told: dict[str, tuple[Group, ...]] = {}
        self._tellers: Counter[Entity] = Counter()

    def declare(self, groups: list[Group]) -> None:
        """In place of those declared before."""
        for group in self._declared:
            self._graph.remove_group(group.id)
        self._declared = groups
        for group in groups:
            self._graph.add_group(group)

    def tell(self, host: str, groups: tuple[Group, ...]) -> None:
        """What shows on one host, in place of what showed before."""
        before = self._told.pop(host, ())
        if groups:
            self._told[host] = groups
        self._tellers.update(group.id for group in groups)
        declared = {group.id for group in self._declared}
        for group in groups:
            if group.id not in declared:
                self._graph.add_group(group)
        for group in before:
            self._tellers[group.id] -= 1
            if not self._tellers[group.id]:
                del self._tellers[group.id]
                if group.id not in declared:
                    self._graph.remove_group(group.id)

    def through(self, host: str, edges: Iterable[Edge]) -> Iterator[Edge]:
        """``edges`` of a host; who uses several members of a group leans on the group, not on each of them.

        Groups that only other hosts tell of change nothing here: it would depend on who came first.
        """
        known = list(edges)
        here = {group.id for group in (*self._declared, *self._told.get(host, ()))}
        used: dict[tuple[Entity, Entity], list[Edge]] = {}
        for edge in known:
            if edge.relation is Relation.DEPENDS_ON and edge.source == "connection":
                for group in self._graph.groups_of(edge.parent):
                    if group.id in here and edge.child not in group.members:
                        used.setdefault((edge.child, group.id), []).append(edge)
        shared = {key: some for key, some in used.items() if len(some) > 1}
        replaced = {(edge.child, edge.parent) for some in shared.values() for edge in some}
        for (child, whole), some in sorted(shared.items()):
            latest = max(edge.at for edge in some)
            yield Edge(child, Relation.DEPENDS_ON, whole, some[0].weight, source="connection", at=latest)
        for edge in known:
            if edge.relation is not Relation.DEPENDS_ON or (edge.child, edge.parent) not in replaced:
                yield edge


def groups_in(inventory: Inventory, book: AddressBook) -> tuple[Group, ...]:
    """Bonds and arrays, gateways, pools behind a balancer and replicas, as far as they show on one host."""
    found = [*Parts(inventory).groups(), *_gateways(inventory), *_peers(inventory, book)]
    return tuple(msgspec.structs.replace(group, source="discovered") for group in found)


def _gateways(inventory: Inventory) -> Iterator[Group]:
    """Several ways out, of which the kernel takes one as long as its link is up."""
    addresses = sorted({gateway.address for gateway in inventory.gateways}, key=_family)
    for _, some in groupby(addresses, key=_family):
        members = tuple(sorted(ids.gateway(address) for address in some))
        if len(members) > 1:
            yield Group(f"group:gateways {_label(members)}", members, balanced=False)


def _family(address: str) -> int:
    try:
        return ip_address(address.partition("%")[0]).version
    except ValueError:
        return 0


def _peers(inventory: Inventory, book: AddressBook) -> Iterator[Group]:
    """Services of one name on several hosts: behind a balancer, or with their like on this host."""
    reached: dict[tuple[str, str], set[Entity]] = {}
    for use in inventory.connections:
        owner = book.owner(use.address)
        service = book.service_at(owner.host, use.address, use.port) if owner else None
        if service and host_of(service) != inventory.host:
            reached.setdefault((use.service, _software(service)), set()).add(service)
    for (own, software), found in sorted(reached.items()):
        itself = ids.service(inventory.host, own)
        if _software(itself) == software and _is(software, REPLICAS + QUORUM):
            members = tuple(sorted({itself, *found}))
            need = len(members) // 2 + 1 if _is(software, QUORUM) else 1
            yield Group(f"group:{software} {_label(members)}", members, need, balanced=False)
        elif len(found) > 1 and _is(_software(itself), BALANCERS):
            yield Group(f"group:{inventory.host}/{own} to {software}", tuple(sorted(found)))


def _software(service: Entity) -> str:
    """``service:db1/postgresql@15-main`` → ``postgresql``."""
    return name_of(service).partition("/")[2].partition("@")[0]


def _is(software: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(software, pattern) for pattern in patterns)


def _label(members: tuple[Entity, ...]) -> str:
    """The same whoever tells of the group, and short."""
    names = [host_of(member) if kind_of(member) == "service" else name_of(member) for member in members]
    if len(names) <= NAMED:
        return "+".join(names)
    digest = blake2b("\n".join(members).encode(), digest_size=4).hexdigest()
    return f"{names[0]}+{len(names) - 1} {digest}"
