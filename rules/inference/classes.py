"""Roots that nothing seen so far can separate, what a ticket for them names, and what would separate them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from rules.graph import Graph
from rules.inference.candidates import Candidate
from rules.inference.cause import NAT, Cause, Nats
from rules.inference.components import Component
from rules.inference.ground import Ground
from rules.inference.score import Judge, Weighed
from rules.inference.search import rivals, swapped
from rules.models import UNMODELLED, Relation, Role
from wire.entity import Entity, host, host_of, kind_of, name_of

SAME: Nats = 7 * NAT // 10
"""Likelihoods, without priors, that differ by less than this tell nothing apart."""

RUNNING = frozenset(["service", "process"])
SWITCHING = frozenset(["switch", "segment"])


def class_of(root: Cause, component: Component, best: Weighed, judge: Judge) -> tuple[Cause, ...]:
    """The root and every candidate that would explain as well in its place, the root first, then by prior."""
    members: list[Candidate] = [
        rival
        for rival in rivals(component, best.roots, root)
        if abs(judge.weigh(swapped(best.roots, root, rival)).likelihood - best.likelihood) < SAME
    ]
    members.sort(key=lambda each: (-each.prior, each.cause))
    return (root, *(member.cause for member in members))


def other_truths(members: Sequence[Cause]) -> tuple[Cause, ...]:
    """The members less those that only name the same fault on another side of the same thing."""
    root = members[0]
    return tuple(
        member
        for member in members
        if member == root or member.name != root.name or kind_of(member.entity) == kind_of(root.entity)
    )


def common_entity(members: Sequence[Cause], graph: Graph) -> Entity:
    """The smallest entity that holds all members; where there is none, the first one's.

    A member that only says where does not make the place larger, a process is part of its service, and a
    port of a switch or segment part of that.
    """
    known = [member for member in members if not member.name.startswith(UNMODELLED)] or members
    entities = {member.entity for member in known}
    names = {(host_of(entity), name_of(entity)) for entity in entities if kind_of(entity) in RUNNING}
    if len(names) == 1 and all(kind_of(entity) in RUNNING for entity in entities):
        # A process of that name is thought of only where its service is looked at.
        return max(entities, key=lambda entity: kind_of(entity) == "service")
    if len(entities) == 1:
        return known[0].entity
    owners = {host_of(entity) for entity in entities}
    if len(owners) == 1 and (owner := owners.pop()):
        return host(owner)
    return _what_all_are_plugged_into(entities, graph) or members[0].entity


def _what_all_are_plugged_into(entities: set[Entity], graph: Graph) -> Entity:
    """A switch that holds more than the ports in question; one that holds nothing else may be but a cable."""
    switches = [entity for entity in entities if kind_of(entity) in SWITCHING]
    if len(switches) != 1:
        return ""
    ports = {edge.child for edge in graph.children(switches[0]) if edge.relation is Relation.ATTACHED_TO}
    return switches[0] if entities - set(switches) < ports else ""


def separating(members: Sequence[Cause], ground: Ground) -> tuple[str, ...]:
    """Looks that one member would fail and another would not, as ``signal on entity``."""
    if len(members) < 2:
        return ()
    shown = [_shown(member, ground) for member in members]
    found: dict[str, None] = {}
    for place, looks in enumerate(shown):
        others = [other for at, other in enumerate(shown) if at != place]
        for look in sorted(looks):
            if any(look not in other for other in others):
                found[f"{look[0]} on {look[1]}"] = None
    return tuple(found)


def _shown(member: Cause, ground: Ground) -> Mapping[tuple[str, Entity], None]:
    """What the fault shows on its own entity, and what its confirming tests would."""
    model = ground.model(member)
    if model is None or model.fault is None:
        return {}
    looks = [signal for signal, role in model.entries if role is Role.SELF]
    looks += [test.check for test in model.fault.confirm]
    return {(look, member.entity): None for look in looks if not fnmatchcase(look, "log.*")}
