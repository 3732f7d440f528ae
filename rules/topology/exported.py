"""A picture in the forms that other programs read: GraphML and the DOT of Graphviz."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from rules.topology.picture import Link, Picture

KEYS = (
    ("node", "kind", "string"),
    ("node", "need", "int"),
    ("edge", "relation", "string"),
    ("edge", "source", "string"),
    ("edge", "weight", "double"),
    ("edge", "age", "double"),
)
"""What is told of nodes and edges, as GraphML declares it."""


def graphml(shown: Picture) -> str:
    """http://graphml.graphdrawing.org/specification.html; an edge runs from what leans to what bears."""
    return "\n".join(_graphml(shown)) + "\n"


def _graphml(shown: Picture) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">'
    for domain, name, kind in KEYS:
        yield f'  <key id="{domain}.{name}" for="{domain}" attr.name="{name}" attr.type="{kind}"/>'
    yield '  <graph id="rootward" edgedefault="directed">'
    needs = {group.id: group.need for group in shown.groups}
    for node in shown.nodes:
        needed = _value("node.need", needs[node.id]) if node.id in needs else ""
        yield f"    <node id={_attribute(node.id)}>{_value('node.kind', node.kind)}{needed}</node>"
    for edge in shown.edges:
        age = "" if edge.age is None else _value("edge.age", round(edge.age, 1))
        told = _told(edge) + _value("edge.weight", edge.weight) + age
        yield f"    <edge source={_attribute(edge.child)} target={_attribute(edge.parent)}>{told}</edge>"
    for group in shown.groups:
        for member in group.members:
            told = _value("edge.relation", "member_of") + _value("edge.source", group.source)
            yield f"    <edge source={_attribute(member)} target={_attribute(group.id)}>{told}</edge>"
    yield "  </graph>"
    yield "</graphml>"


def _told(edge: Link) -> str:
    return _value("edge.relation", edge.relation.value) + _value("edge.source", edge.source)


def _value(key: str, value: object) -> str:
    return f'<data key="{key}">{escape(_printable(str(value)))}</data>'


def _attribute(text: str) -> str:
    return quoteattr(_printable(text))


def _printable(text: str) -> str:
    """What a host calls its services may hold anything; XML has no way to say most control characters."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


def dot(shown: Picture) -> str:
    """https://graphviz.org/doc/info/lang.html"""
    lines = ["digraph rootward {", "  rankdir=BT;", "  node [shape=box];"]
    lines += [f"  {quoted(node.id)} [class={quoted(node.kind)}];" for node in shown.nodes]
    for edge in shown.edges:
        style = ' style="dashed"' if edge.source != "declared" and edge.weight < 1 else ""
        label = quoted(f"{edge.relation.value} ({edge.source})")
        lines.append(f"  {quoted(edge.child)} -> {quoted(edge.parent)} [label={label}{style}];")
    for group in shown.groups:
        label = quoted(f"one of {len(group.members)}, {group.need} needed")
        lines += [
            f'  {quoted(member)} -> {quoted(group.id)} [label={label} style="dotted"];'
            for member in group.members
        ]
    return "\n".join([*lines, "}"]) + "\n"


def quoted(text: str) -> str:
    """Only the quote and the backslash mean something between quotes."""
    safe = _printable(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{safe}"'
