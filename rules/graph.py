"""What leans on what: typed, weighted edges between entities, and groups that survive a loss."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from operator import attrgetter

import msgspec

from rules.models import Relation
from wire.entity import Entity

FEW = 8
"""Edges at one entity up to which they are gone through, not found."""
End = tuple[Relation, Entity]
"""What tells apart the edges at one entity: the relation, and who is at the other end."""


class Edge(msgspec.Struct, frozen=True, gc=False):
    """``child`` leans on ``parent`` by ``relation``. ``gc=False``: it can be part of no cycle."""

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


class _Side:
    """Edges found by the entity at one of their ends, in the order in which they came.

    Nearly every entity of a large site has a handful; those take few bytes in a tuple.
    """

    def __init__(self, other: str) -> None:
        """``other``: the field with the entity at the other end."""
        self._end: Callable[[Edge], End] = attrgetter("relation", other)
        self._at: dict[Entity, tuple[Edge, ...] | dict[End, Edge]] = {}

    def put(self, entity: Entity, edge: Edge) -> None:
        known = self._at.get(entity, ())
        if isinstance(known, dict):
            known[self._end(edge)] = edge
            return
        end = self._end(edge)
        edges = tuple([edge if self._end(each) == end else each for each in known])
        if edge not in edges:
            edges = (*edges, edge)
        self._at[entity] = edges if len(edges) <= FEW else {self._end(each): each for each in edges}

    def drop(self, entity: Entity, edge: Edge) -> None:
        known, end = self._at.get(entity, ()), self._end(edge)
        if isinstance(known, dict):
            known.pop(end, None)
        else:
            known = self._at[entity] = tuple([each for each in known if self._end(each) != end])
        if not known:
            self._at.pop(entity, None)

    def of(self, entity: Entity) -> Iterator[Edge]:
        known = self._at.get(entity, ())
        return iter(known.values() if isinstance(known, dict) else known)

    def __iter__(self) -> Iterator[Edge]:
        return (edge for entity in self._at for edge in self.of(entity))


class Graph:
    """Edges by child and by parent, and groups by member. Adding an edge again replaces it."""

    def __init__(self) -> None:
        self._up = _Side("parent")
        self._down = _Side("child")
        self._groups: defaultdict[Entity, dict[Entity, Group]] = defaultdict(dict)
        self.groups: dict[Entity, Group] = {}
        self.revision = 0
        """Rises with each change of an edge."""

    def add(self, edge: Edge) -> None:
        self.revision += 1
        self._up.put(edge.child, edge)
        self._down.put(edge.parent, edge)

    def remove(self, edge: Edge) -> None:
        self.revision += 1
        self._up.drop(edge.child, edge)
        self._down.drop(edge.parent, edge)

    def add_group(self, group: Group) -> None:
        self.groups[group.id] = group
        for member in group.members:
            self._groups[member][group.id] = group

    def remove_group(self, group: Entity) -> None:
        for member in self.groups.pop(group).members if group in self.groups else ():
            self._groups[member].pop(group, None)

    def parents(self, child: Entity) -> Iterator[Edge]:
        """The edges by which ``child`` leans on others."""
        return self._up.of(child)

    def children(self, parent: Entity) -> Iterator[Edge]:
        """The edges by which others lean on ``parent``."""
        return self._down.of(parent)

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
        return iter(self._up)

    def groups_of(self, member: Entity) -> Iterator[Group]:
        return iter(self._groups.get(member, {}).values())
