"""What leads to what, forwards and backwards, and which faults an entity can have."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import NamedTuple

from rules.graph import Edge, Graph
from rules.inference.cause import Cause, Nats, nats, state_name
from rules.inference.knowledge import Knowledge, Model
from rules.models import Fault, Onto, Relation, State, kinds_of
from wire.entity import ON_HOST, Entity, host, host_of, kind_of, name_of

SUPPORTS = frozenset([Relation.RUNS_ON, Relation.SERVED_BY, Relation.ATTACHED_TO])
UNDECLARED = "undeclared"
OUTSIDE = frozenset(["address", "endpoint"])
"""What has no agent, for all that is known."""
DOWN = state_name(State.DOWN)
PARTIAL = state_name(State.PARTIAL)
LOSSES = (DOWN, state_name(State.ERROR), state_name(State.WRONG), PARTIAL)
"""States in which a member of a group does not do its part."""
ALL_BUT_SURE = nats(0.01)
ONE_OF_SEVERAL = 0.1
"""Probability that a host is gone with one of its several parts of a kind."""


class Hop(NamedTuple):
    """One step from a cause to a state that it brings about."""

    cause: Cause
    miss: Nats
    """log(1 − weight)."""
    undeclared: bool = False


class Ground:
    """The knowledge laid over the graph."""

    def __init__(self, knowledge: Knowledge, graph: Graph) -> None:
        self.knowledge = knowledge
        self.graph = graph
        self._children: dict[Cause, tuple[Hop, ...]] = {}
        self._possible: dict[Cause, bool] = {}

    def forget(self) -> None:
        """The graph changed."""
        self._children.clear()
        self._possible.clear()

    def model(self, cause: Cause) -> Model | None:
        return self.knowledge.model(cause.name, kind_of(cause.entity))

    def children(self, cause: Cause) -> tuple[Hop, ...]:
        """The states that this cause may bring about, one hop away; groups are not among them."""
        if cause not in self._children:
            self._children[cause] = tuple(self._led_to(cause))
        return self._children[cause]

    def _led_to(self, cause: Cause) -> Iterator[Hop]:
        yield from self._parts(cause)
        model = self.model(cause)
        for spread in model.spreads if model else ():
            if spread.on is Onto.SELF:
                yield Hop(Cause(spread.state, cause.entity), nats(1.0 - spread.strength))
            elif spread.on is Onto.HOST:
                if owner := host_of(cause.entity):
                    strength = spread.strength * self._part(cause.entity, spread.state)
                    yield Hop(Cause(spread.state, host(owner)), nats(1.0 - strength))
            else:
                for entity, edge in self._reached(cause.entity, spread.on):
                    if edge.weight and spread.kind in ("", kind_of(entity)):
                        miss = nats(1.0 - spread.strength * edge.weight)
                        yield Hop(Cause(spread.state, entity), miss, edge.source == UNDECLARED)

    def _reached(self, entity: Entity, on: Onto) -> Iterator[tuple[Entity, Edge]]:
        """What it depends on, or who leans on it by a relation."""
        if on is Onto.NEEDED:
            needs = (edge for edge in self.graph.parents(entity) if edge.relation is Relation.DEPENDS_ON)
            yield from ((edge.parent, edge) for edge in needs)
        else:
            relation = on.value
            leaning = (edge for edge in self.graph.children(entity) if edge.relation == relation)
            yield from ((edge.child, edge) for edge in leaning)

    def _parts(self, cause: Cause) -> Iterator[Hop]:
        """A group whose members each get a part of the work, unchecked, leaves that of a lost one undone."""
        if cause.name in LOSSES:
            for group in self.graph.groups_of(cause.entity):
                if group.balanced and not group.health_checked:
                    yield Hop(Cause(PARTIAL, group.id), ALL_BUT_SURE)

    def _part(self, entity: Entity, state: str) -> float:
        """How far the loss of this part is the loss of its host: little where it has another such."""
        if state != DOWN:
            return 1.0
        machine, kind = host(host_of(entity)), kind_of(entity)
        others = any(
            edge.relation is Relation.RUNS_ON and edge.child != entity and kind_of(edge.child) == kind
            for edge in self.graph.children(machine)
        )
        return ONE_OF_SEVERAL if others else 1.0

    def parents(self, state: Cause) -> Iterator[Cause]:
        """The causes that may bring this state about, one hop away."""
        entity, kind = state.entity, kind_of(state.entity)
        if group := self.graph.groups.get(entity):
            for name in LOSSES if state.name == PARTIAL else (state.name,):
                yield from (Cause(name, member) for member in group.members)
            return
        yield from self._leaders(state.name, "self", entity)
        if kind == "host":
            yield from self._leaders(state.name, "host", entity)
            for edge in self.graph.children(entity):
                if edge.relation is Relation.RUNS_ON and host_of(edge.child) == name_of(entity):
                    yield from self._leaders(state.name, "host", edge.child)
        leaders = [(str(edge.relation), edge.parent) for edge in self.graph.parents(entity) if edge.weight]
        if self.knowledge.brings(state.name, Onto.NEEDED):
            leaders += [
                (str(Onto.NEEDED), edge.child)
                for edge in self.graph.children(entity)
                if edge.weight and edge.relation is Relation.DEPENDS_ON
            ]
        for on, leader in leaders:
            for name, spread in self.knowledge.brought_by(state.name, on, kind_of(leader)):
                if spread.kind in ("", kind) and self.possible(Cause(name, leader)):
                    yield Cause(name, leader)

    def _leaders(self, state: str, on: str, entity: Entity) -> Iterator[Cause]:
        for name, _ in self.knowledge.brought_by(state, on, kind_of(entity)):
            if self.possible(Cause(name, entity)):
                yield Cause(name, entity)

    def possible(self, cause: Cause) -> bool:
        """Whether this kind of entity, this very one included, can have the fault at all."""
        fault = self.knowledge.particular.get(cause.name)
        if fault is None:
            return True
        known = self._possible.get(cause)
        if known is None:
            known = self._possible[cause] = self._can_have(fault, cause)
        return known

    def _can_have(self, fault: Fault, cause: Cause) -> bool:
        if fault.unwatched and not self._leans_on_unwatched(cause.entity):
            return False
        return self._named(fault, cause.entity) and self._preferred(fault, cause.entity)

    def _leans_on_unwatched(self, entity: Entity) -> bool:
        parents = [edge.parent for edge in self.graph.parents(entity) if edge.relation is Relation.DEPENDS_ON]
        return not parents or any(kind_of(parent) in OUTSIDE for parent in parents)

    def _named(self, fault: Fault, entity: Entity) -> bool:
        bare = name_of(entity)
        if kind_of(entity) in ON_HOST:
            bare = bare.partition("/")[2] or bare
        if any(fnmatchcase(bare, pattern) for pattern in fault.not_names):
            return False
        if kind_of(entity) in fault.serves or not (fault.names or fault.serves):
            return True
        if any(fnmatchcase(told, pattern) for told in (bare, entity) for pattern in fault.names):
            return True
        return any(
            edge.relation in (Relation.RUNS_ON, Relation.SERVED_BY) and kind_of(edge.child) in fault.serves
            for edge in self.graph.children(entity)
        )

    def _preferred(self, fault: Fault, entity: Entity) -> bool:
        kinds = kinds_of(fault.entity)
        place = kinds.index(kind_of(entity))
        if place == 0:
            return True
        earlier = kinds[:place]
        return not any(
            edge.relation in SUPPORTS and kind_of(edge.parent) in earlier
            for edge in self.graph.parents(entity)
        )
