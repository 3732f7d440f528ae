"""The graph of evidence for Graphviz."""

from __future__ import annotations

from collections.abc import Iterator

from rules.report.evidence_graph import EvidenceGraph, LinkKind, Node, NodeKind
from rules.report.words import percent
from rules.topology.exported import quoted

SHAPES = {
    NodeKind.ROOT: "shape=box, style=bold",
    NodeKind.HYPOTHESIS: "shape=box",
    NodeKind.RULED_OUT: "shape=box, style=dashed",
    NodeKind.STATE: "shape=ellipse",
    NodeKind.OBSERVATION: "shape=plain",
}
LINES = {
    LinkKind.LEADS_TO: "style=bold",
    LinkKind.FOR: "color=darkgreen",
    LinkKind.AGAINST: "color=red, style=dashed",
    LinkKind.SHOWN_BY: "color=gray",
}


def evidence_dot(graph: EvidenceGraph) -> str:
    """https://graphviz.org/doc/info/lang.html; every text is quoted."""
    return "\n".join(_lines(graph)) + "\n"


def _lines(graph: EvidenceGraph) -> Iterator[str]:
    yield "digraph evidence {"
    yield "  rankdir=LR;"
    for node in graph.nodes:
        yield f"  {quoted(node.id)} [label={quoted(_label(node))}, {SHAPES[node.kind]}];"
    for link in graph.links:
        label = "" if link.nats is None else f", label={quoted(f'{link.nats:+.2f}')}"
        told = f"{LINES[link.kind]}, tooltip={quoted(link.kind.value)}{label}"
        yield f"  {quoted(link.source)} -> {quoted(link.target)} [{told}];"
    yield "}"


def _label(node: Node) -> str:
    if node.kind is NodeKind.OBSERVATION:
        return f"{node.id} {node.text}"
    return node.text if node.probability is None else f"{node.text} {percent(node.probability)}"
