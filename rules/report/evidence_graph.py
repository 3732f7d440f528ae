"""The graph of evidence behind a diagnosis: causes, the states they lead to, the looks for and against."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

import msgspec

from rules.diagnosis import Diagnosis, Hypothesis
from rules.report.view import ReportView


class NodeKind(StrEnum):
    ROOT = "root"
    HYPOTHESIS = "hypothesis"
    RULED_OUT = "ruled_out"
    STATE = "state"
    OBSERVATION = "observation"


class LinkKind(StrEnum):
    LEADS_TO = "leads_to"
    FOR = "for"
    AGAINST = "against"
    SHOWN_BY = "shown_by"


class Node(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A fault on an entity, a state of an entity, or one look."""

    id: str
    kind: NodeKind
    text: str
    probability: float | None = None


class Link(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """From what explains to what is explained by it, or speaks against it."""

    source: str
    target: str
    kind: LinkKind
    nats: float | None = None
    """What the observation says of the hypothesis alone; None where that was not kept."""


class EvidenceGraph(msgspec.Struct, frozen=True):
    nodes: tuple[Node, ...]
    links: tuple[Link, ...]


def evidence_graph(view: ReportView) -> EvidenceGraph:
    """Every node once, the root first; links only between nodes that are there."""
    diagnosis = view.diagnosis
    nodes: dict[str, Node] = {}
    links: dict[Link, None] = {}
    for each in hypotheses(diagnosis):
        is_root = _id(each.fault, each.entity) == _id(diagnosis.root.fault, diagnosis.root.entity)
        kind = NodeKind.ROOT if is_root else NodeKind.HYPOTHESIS
        node = _cause(each.fault, each.entity, kind, each.probability)
        nodes[node.id] = node
        links.update(dict.fromkeys(_weighed(each, node.id)))
    for gone in diagnosis.ruled_out:
        node = _cause(gone.fault, gone.entity, NodeKind.RULED_OUT, None)
        nodes.setdefault(node.id, node)
        links.update(dict.fromkeys(Link(source=node.id, target=by, kind=LinkKind.AGAINST) for by in gone.by))
    links.update(dict.fromkeys(_states(diagnosis, nodes)))
    seen = {each.id: each for each in view.observations}
    for link in links:
        if link.target not in nodes:
            look = seen.get(link.target)
            told = f"{look.signal} {look.subject} {look.reason}" if look is not None else "not kept"
            nodes[link.target] = Node(id=link.target, kind=NodeKind.OBSERVATION, text=told)
    return EvidenceGraph(tuple(nodes.values()), tuple(links))


def hypotheses(diagnosis: Diagnosis) -> tuple[Hypothesis, ...]:
    """The root, the members of its class, the runners-up, each once."""
    every = (diagnosis.root, *diagnosis.members, *diagnosis.hypotheses)
    return tuple({(each.fault, each.entity): each for each in reversed(every)}.values())[::-1]


def _id(fault: str, entity: str) -> str:
    return f"{fault} {entity}"


def _cause(fault: str, entity: str, kind: NodeKind, probability: float | None) -> Node:
    return Node(id=_id(fault, entity), kind=kind, text=_id(fault, entity), probability=probability)


def _weighed(each: Hypothesis, node: str) -> Iterator[Link]:
    nats = {weight.observation: weight.nats for weight in each.weights}
    for observation in each.supported_by:
        yield Link(source=node, target=observation, kind=LinkKind.FOR, nats=nats.get(observation))
    for observation in each.opposed_by:
        yield Link(source=node, target=observation, kind=LinkKind.AGAINST, nats=nats.get(observation))


def _states(diagnosis: Diagnosis, nodes: dict[str, Node]) -> Iterator[Link]:
    """Consequences in their order, each after what it follows from."""
    at: dict[str, list[str]] = {diagnosis.root.entity: [_id(diagnosis.root.fault, diagnosis.root.entity)]}
    for each in diagnosis.consequences:
        node = _id(f"state.{each.state}", each.entity)
        nodes.setdefault(node, Node(id=node, kind=NodeKind.STATE, text=f"{each.entity} is {each.state}"))
        at.setdefault(each.entity, []).append(node)
    for each in diagnosis.consequences:
        node = _id(f"state.{each.state}", each.entity)
        for parent in at.get(each.because, at[diagnosis.root.entity])[:1]:
            yield Link(source=parent, target=node, kind=LinkKind.LEADS_TO)
        for shown in each.shown_by:
            yield Link(source=node, target=shown, kind=LinkKind.SHOWN_BY)
