"""From a drawing of the network to what a site declares: switches, what is plugged in, and their uplinks."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping

from rules.topology.drawing import BadDrawing, Drawing
from rules.topology.site import Switch
from wire.entity import kind_of, name_of

KIND_WORDS = ("kind", "type", "role", "device_type", "node_type")
NAME_WORDS = ("name", "label", "hostname")
INTERFACE_WORDS = ("interface", "port", "nic", "source_interface", "ifname")
HOSTS = frozenset(["host", "server", "workstation", "vm", "computer", "pc", "end", "endhost", "terminal"])
SWITCHES = frozenset(["switch", "router", "bridge", "core", "spine", "leaf", "aggregation", "access", "tor"])
CORES = frozenset(["core", "spine", "router"])
NETWORK = frozenset(["switch", "host", "nic"])
"""Kinds of entities in a drawing of our own that are about cables."""
LONGEST = 200


def switches_of(drawing: Drawing, interfaces: Mapping[str, tuple[str, ...]]) -> tuple[Switch, ...]:
    """``interfaces``: of each host that is known, those with an address. Raises BadDrawing, naming the edge.

    A node is a host when it says so or has the name of one, else a switch. Where edges have no direction,
    uplinks lead to the core: the nodes that say they are, else the one in the middle.
    """
    return _Reading(drawing, interfaces).switches()


class _Reading:
    def __init__(self, drawing: Drawing, interfaces: Mapping[str, tuple[str, ...]]) -> None:
        self._drawing = drawing
        self._interfaces = interfaces
        self._names = {id_: _name(id_, told) for id_, told in drawing.nodes.items()}
        self._kinds = {id_: self._kind(id_, told) for id_, told in drawing.nodes.items()}

    def switches(self) -> tuple[Switch, ...]:
        ports: dict[str, dict[str, None]] = {id_: {} for id_ in self._of_kind("switch")}
        uplinks: dict[str, dict[str, None]] = {id_: {} for id_ in ports}
        trunks: list[tuple[str, str]] = []
        for one, other, told in self._drawing.edges:
            kinds = (self._kinds[one], self._kinds[other])
            if "host" in kinds and "relation" in told:
                continue  # of our own: its interfaces tell where it is plugged in
            if kinds == ("switch", "switch") and one != other:
                trunks.append((one, other))
            elif set(kinds) == {"switch", "host"}:
                switch, end = (one, other) if kinds[0] == "switch" else (other, one)
                ports[switch][self._port(end, told)] = None
            elif set(kinds) == {"switch", "nic"}:
                switch, end = (one, other) if kinds[0] == "switch" else (other, one)
                ports[switch][self._names[end]] = None
        for lower, upper in self._upwards(trunks):
            uplinks[lower][self._names[upper]] = None
        return tuple(
            Switch(name=self._names[id_], ports=tuple(ports[id_]), uplinks=tuple(uplinks[id_]))
            for id_ in ports
            if ports[id_] or uplinks[id_] or any(id_ in trunk for trunk in trunks)
        )

    def _of_kind(self, kind: str) -> list[str]:
        return [id_ for id_, known in self._kinds.items() if known == kind]

    def _kind(self, id_: str, told: Mapping[str, str]) -> str:
        if kind_of(id_) in NETWORK and name_of(id_):
            return kind_of(id_)
        words = {told[word].lower() for word in KIND_WORDS if word in told}
        if words & HOSTS or self._names[id_] in self._interfaces:
            return "host"
        return "switch" if words & SWITCHES or not words else "other"

    def _port(self, end: str, told: Mapping[str, str]) -> str:
        host = self._names[end]
        named = next((told[word] for word in INTERFACE_WORDS if told.get(word)), "")
        if named:
            return f"{host}/{named}"
        known = self._interfaces.get(host, ())
        if len(known) != 1:
            why = f"{host} has {', '.join(known)}" if known else f"no agent is known on {host}"
            raise BadDrawing(f"which interface of {host} is meant? Give its edge an `interface` ({why})")
        return f"{host}/{known[0]}"

    def _upwards(self, trunks: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
        """(lower, upper) of each trunk."""
        if self._drawing.directed:
            yield from trunks
            return
        depth = self._depths(trunks)
        for one, other in trunks:
            nearer = (depth[one], self._names[one]) < (depth[other], self._names[other])
            yield (other, one) if nearer else (one, other)

    def _depths(self, trunks: list[tuple[str, str]]) -> dict[str, int]:
        """Hops from the core; of each part of the network that is not connected from its own."""
        beside: dict[str, list[str]] = {id_: [] for id_ in self._of_kind("switch")}
        for one, other in trunks:
            beside[one].append(other)
            beside[other].append(one)
        cores = [id_ for id_ in beside if self._says_core(id_)]
        depth = _hops(cores, beside)
        for id_ in sorted(beside, key=lambda each: self._names[each]):
            if id_ not in depth:
                part = _hops([id_], beside)
                depth |= _hops([self._centre(part, beside)], beside)
        return depth

    def _centre(self, part: Mapping[str, int], beside: Mapping[str, list[str]]) -> str:
        """Half way along the longest of the shortest ways, or nearly: two sweeps, whatever the size."""
        first = _hops([_farthest(part)], beside)
        second = _hops([_farthest(first)], beside)
        return min(part, key=lambda id_: (max(first[id_], second[id_]), first[id_], self._names[id_]))

    def _says_core(self, id_: str) -> bool:
        told = self._drawing.nodes[id_]
        return any(told.get(word, "").lower() in CORES for word in KIND_WORDS)


def _hops(starts: list[str], beside: Mapping[str, list[str]]) -> dict[str, int]:
    found = dict.fromkeys(starts, 0)
    queue = deque(starts)
    while queue:
        here = queue.popleft()
        for there in beside[here]:
            if there not in found:
                found[there] = found[here] + 1
                queue.append(there)
    return found


def _farthest(hops: Mapping[str, int]) -> str:
    return max(hops, key=lambda id_: (hops[id_], id_))


def _name(id_: str, told: Mapping[str, str]) -> str:
    """As the network calls it: an entity id's name, else its name or label, else its id."""
    name = name_of(id_) if kind_of(id_) in NETWORK and name_of(id_) else ""
    name = name or next((told[word] for word in NAME_WORDS if told.get(word)), id_)
    if not name.isprintable() or len(name) > LONGEST:
        raise BadDrawing(f"no name for a switch or a host: {name[:80]!r}")
    return name
