"""The topology as it is shown and exported: what leans on what, how that is known, and how old it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from rules.graph import Edge, Group
from rules.models import Relation
from wire.entity import kind_of

Seen = Callable[[Edge], float]
"""When an edge was last known to be there."""


class Node(msgspec.Struct, frozen=True, order=True):
    id: str
    """An entity; what hosts call their parts is shown as they say it."""
    kind: str


class Link(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """``child`` leans on ``parent`` by ``relation``."""

    child: str
    relation: Relation
    parent: str
    weight: float
    source: str
    """``declared``, ``discovered``, ``connection``, ``open files``, ``log``: how it is known."""
    seen_at: float
    """Seconds since 1970-01-01 UTC; 0 where nobody can tell."""
    age: float | None
    """Seconds since then."""


class GroupShown(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    members: tuple[str, ...]
    need: int
    balanced: bool
    health_checked: bool
    source: str


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """Everything in the order of the ids."""

    at: float
    nodes: tuple[Node, ...]
    edges: tuple[Link, ...]
    groups: tuple[GroupShown, ...]


def picture(edges: Iterable[Edge], groups: Iterable[Group], seen: Seen, now: float) -> Picture:
    """``now``: as of when ages are counted."""
    links = sorted(_link(edge, seen(edge), now) for edge in edges)
    known = sorted(groups, key=lambda group: group.id)
    names = {each for link in links for each in (link.child, link.parent)}
    names |= {each for group in known for each in (group.id, *group.members)}
    return Picture(
        at=now,
        nodes=tuple(Node(name, kind_of(name)) for name in sorted(names)),
        edges=tuple(links),
        groups=tuple(
            GroupShown(
                id=group.id,
                members=group.members,
                need=group.need,
                balanced=group.balanced,
                health_checked=group.health_checked,
                source=group.source,
            )
            for group in known
        ),
    )


def _link(edge: Edge, seen_at: float, now: float) -> Link:
    return Link(
        child=edge.child,
        relation=edge.relation,
        parent=edge.parent,
        weight=edge.weight,
        source=edge.source,
        seen_at=seen_at,
        age=max(0.0, now - seen_at) if seen_at else None,
    )
