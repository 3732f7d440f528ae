"""Who and what is hit by a diagnosed root: hosts, services, what leans on it, what is left."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import chain

import msgspec

from rules.diagnosis import Diagnosis, Key, Redundancy
from rules.graph import Graph
from rules.models import State
from wire.entity import Entity, host_of, kind_of, name_of
from wire.inventory import Inventory

SERVER = "rootward"
MAX_DEPENDANTS = 10_000


def subject_host(key: Key) -> str:
    return host_of(key[2])


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """What a root touches, as far as the graph and the observations tell."""

    hosts: tuple[str, ...]
    known_hosts: int
    services: tuple[Entity, ...]
    dependants: int
    """Hosts beyond these that lean on the root."""
    failed: bool
    """Something is down or in error, not just slow."""
    workstation: bool
    """Only machines of single persons are hit."""
    left: Redundancy | None = None
    """Of the group with least to spare that the root took members of, where the rest does its work."""


def hosts_of(diagnosis: Diagnosis, place: Callable[[Key], str] = subject_host) -> tuple[str, ...]:
    """Hosts on which the root, its consequences or its symptoms are; the root's first."""
    return tuple(dict.fromkeys(hosts_along(diagnosis, place)))


def hosts_along(diagnosis: Diagnosis, place: Callable[[Key], str] = subject_host) -> Iterator[str]:
    """The same one by one, some of them more than once.

    ``place`` tells the host that a look was about. A look between two hosts, one of which has the root,
    is a symptom of that one.
    """
    roots = [host_of(each) for each in (diagnosis.entity, diagnosis.root.entity)]
    roots += [host_of(each.entity) for each in diagnosis.members]
    found = chain(
        roots,
        (host_of(each.entity) for each in diagnosis.consequences),
        (place(key) or key[0] for key in diagnosis.explains if key[0] not in roots),
    )
    return (host for host in found if host and host != SERVER)


def leaning_hosts(graph: Graph, root: Entity) -> set[str]:
    """Hosts with something that leans on the root, over any number of hops; weak guesses left out."""
    seen, queue, found = {root}, [root], set[str]()
    while queue and len(seen) < MAX_DEPENDANTS:
        for edge in graph.children(queue.pop()):
            if edge.child not in seen and edge.source != "undeclared":
                seen.add(edge.child)
                queue.append(edge.child)
                found.add(host_of(edge.child))
    return found - {"", host_of(root) or name_of(root)}


class Leaning:
    """The same, found once for a root while no edge changes: of a storm it is asked again and again."""

    def __init__(self) -> None:
        self._known: tuple[int, Entity, set[str]] = (-1, "", set())

    def of(self, graph: Graph, root: Entity) -> set[str]:
        if self._known[:2] != (graph.revision, root):
            self._known = (graph.revision, root, leaning_hosts(graph, root))
        return self._known[2]


def reach(
    diagnosis: Diagnosis,
    graph: Graph,
    inventories: Mapping[str, Inventory],
    *,
    failing: bool,
    place: Callable[[Key], str] = subject_host,
    leaning_on: Callable[[Graph, Entity], set[str]] = leaning_hosts,
) -> Reach:
    """``failing``: some explained symptom is a failure, not just a warning."""
    hosts = hosts_of(diagnosis, place)
    leaning = leaning_on(graph, diagnosis.root.entity) - set(hosts)
    states = {each.state for each in diagnosis.consequences}
    roles = {inventories[host].tags.get("role", "") for host in hosts if host in inventories}
    return Reach(
        hosts=hosts,
        known_hosts=len(inventories),
        services=tuple(
            each.entity for each in diagnosis.consequences if kind_of(each.entity) in ("service", "endpoint")
        ),
        dependants=len(leaning),
        failed=failing or bool(states & {State.DOWN, State.ERROR, State.WRONG}),
        workstation=bool(roles) and roles == {"workstation"} and not leaning,
        left=_left(diagnosis),
    )


def _left(diagnosis: Diagnosis) -> Redundancy | None:
    groups = diagnosis.redundancy
    if any(not each.held or len(each.left) < each.need for each in groups):
        return None
    return min(groups, key=lambda each: (len(each.left) - each.need, each.group), default=None)
