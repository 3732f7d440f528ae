"""What redundancy is left when roots have taken members of a group (engine rule 6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from rules.diagnosis import Diagnosis, Redundancy
from rules.graph import Graph, Group
from rules.inference.index import Index
from rules.models import Relation, Role, Signal, State
from wire.entity import Entity, host, host_of, kind_of, name_of

LOST = frozenset([State.DOWN, State.ERROR, State.WRONG])
USES = frozenset([Relation.DEPENDS_ON, Relation.ROUTES_VIA])


def with_redundancy(
    found: Sequence[Diagnosis], graph: Graph, index: Index, signals: Mapping[str, Signal]
) -> list[Diagnosis]:
    """Each diagnosis with the groups that it took members of; what others took is not left either."""
    if not graph.groups:
        return list(found)
    lost_by = [_lost(each, graph) for each in found]
    lost = {entity for some in lost_by for entity in some}
    failing = {entity for each in found for entity in _failing(each, index, signals)}
    return [
        msgspec.structs.replace(each, redundancy=tuple(_groups(taken, lost, failing, graph)))
        for each, taken in zip(found, lost_by, strict=True)
    ]


def _failing(diagnosis: Diagnosis, index: Index, signals: Mapping[str, Signal]) -> Iterator[Entity]:
    """What is seen to fail because of the root."""
    known = (index.readings.get(key) for key in diagnosis.explains)
    signal_of = {each.id: signals[each.signal] for each in known if each is not None}
    for step in diagnosis.consequences:
        told_by = [signal_of[each] for each in step.shown_by if each in signal_of]
        if not all(_works(step.entity, signal, diagnosis.onset, index) for signal in told_by):
            yield step.entity


def _works(entity: Entity, told_by: Signal, onset: float, index: Index) -> bool:
    """Has a look passed since that refutes such a line? It told of the lost member, not of the work."""
    return any(
        not look.is_symptom and look.confirmed_at > onset + look.clock_error
        for proof in told_by.proof
        for look in index.newest(entity, (proof.signal, Role.SELF))
    )


def _lost(diagnosis: Diagnosis, graph: Graph) -> set[Entity]:
    """The root, what follows from it, and what goes with the machines among them."""
    lost = {diagnosis.root.entity, diagnosis.entity}
    lost |= {each.entity for each in diagnosis.consequences if each.state in LOST}
    for machine in _machines(lost):
        lost |= {e.child for e in graph.children(host(machine)) if e.relation is Relation.RUNS_ON}
    return lost


def _groups(
    taken: set[Entity], lost: set[Entity], failing: set[Entity], graph: Graph
) -> Iterable[Redundancy]:
    machines = _machines(taken)
    groups = {group.id: group for entity in taken for group in graph.groups_of(entity)}
    for _, group in sorted(groups.items()):
        homes = {host_of(member) for member in group.members}
        if len(homes) == 1 and homes <= machines:
            continue  # redundant parts of one machine, which is lost as a whole
        yield Redundancy(
            group=group.id,
            lost=tuple(member for member in group.members if member in lost),
            left=tuple(member for member in group.members if member not in lost),
            need=group.need,
            held=failing.isdisjoint(_users(group, graph)),
        )


def _machines(entities: Iterable[Entity]) -> set[str]:
    return {name_of(entity) for entity in entities if kind_of(entity) == "host"}


def _users(group: Group, graph: Graph) -> set[Entity]:
    """Those who lean on the group, or on some member of it; the members themselves are none."""
    edges = [edge for entity in (group.id, *group.members) for edge in graph.children(entity)]
    return {edge.child for edge in edges if edge.relation in USES} - set(group.members)
