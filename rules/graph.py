"""What leans on what: typed, weighted edges between entities, and groups that survive a loss."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator

import msgspec

from rules.models import Relation
from wire.entity import Entity


class Edge(msgspec.Struct, frozen=True):
    """``child`` leans on ``parent`` by ``relation``."""

    child: Entity
    relation: Relation
    parent: Entity
    weight: float = 1.0
    """Probability that a state of the parent, which leads to one of the child, gets through; 0 where the
    child has something else to lean on then."""
    source: str = "discovered"
    """``declared``, ``discovered`` (and by what), or ``undeclared`` for the weak edges of engine rule 4."""
    at: float = 0.0
    """When it was last seen, seconds since the epoch."""


class Group(msgspec.Struct, frozen=True):
    """Members of which ``need`` must work."""

    id: Entity
    members: tuple[Entity, ...]
    need: int = 1
    balanced: bool = True
    """False: failover, only one member is used at a time."""
    health_checked: bool = False
    source: str = "declared"
    """``declared``, or by what it was discovered."""


class Graph:
    """Edges by child and by parent, and groups by member. Adding an edge again replaces it."""

    def __init__(self) -> None:
        self._up: defaultdict[Entity, dict[tuple[Relation, Entity], Edge]] = defaultdict(dict)
        self._down: defaultdict[Entity, dict[tuple[Relation, Entity], Edge]] = defaultdict(dict)
        self._groups: defaultdict[Entity, dict[Entity, Group]] = defaultdict(dict)
        self.groups: dict[Entity, Group] = {}

    def add(self, edge: Edge) -> None:
        self._up[edge.child][(edge.relation, edge.parent)] = edge
        self._down[edge.parent][(edge.relation, edge.child)] = edge

    def remove(self, edge: Edge) -> None:
        self._up[edge.child].pop((edge.relation, edge.parent), None)
        self._down[edge.parent].pop((edge.relation, edge.child), None)

    def add_group(self, group: Group) -> None:
        self.groups[group.id] = group
        for member in group.members:
            self._groups[member][group.id] = group

    def remove_group(self, group: Entity) -> None:
        for member in self.groups.pop(group).members if group in self.groups else ():
            self._groups[member].pop(group, None)

    def parents(self, child: Entity) -> Iterator[Edge]:
        """The edges by which ``child`` leans on others."""
        return iter(self._up.get(child, {}).values())

    def children(self, parent: Entity) -> Iterator[Edge]:
        """The edges by which others lean on ``parent``."""
        return iter(self._down.get(parent, {}).values())

    def leaning_on(self, entity: Entity, most: int) -> set[Entity]:
        """The entity and what leans on it over any number of hops, the nearest; hardly more than ``most``."""
        found = {entity}
        queue = deque([entity])
        while queue and len(found) < most:
            for edge in self.children(queue.popleft()):
                if edge.child not in found:
                    found.add(edge.child)
                    queue.append(edge.child)
        return found

    def edges(self) -> Iterator[Edge]:
        """All, in no order."""
        return (edge for edges in self._up.values() for edge in edges.values())

    def groups_of(self, member: Entity) -> Iterator[Group]:
        return iter(self._groups.get(member, {}).values())
