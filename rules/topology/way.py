"""Which NICs, segments, switches and gateways a packet crosses from one host to an address."""

from __future__ import annotations

from collections import deque
from ipaddress import ip_address
from typing import NamedTuple

from rules.topology.book import AddressBook, Attachment
from wire import entity as ids
from wire.entity import Entity

TREES = 128
"""Switches seen from which all others are remembered."""


class Plug(NamedTuple):
    """What a NIC is plugged into, how that is known, and since when."""

    into: Entity
    source: str
    at: float


class Wiring:
    """Where each NIC is plugged in, and how the switches hang together."""

    def __init__(self) -> None:
        self._plugged: dict[Entity, Plug] = {}
        self._neighbours: dict[Entity, set[Entity]] = {}
        self._trees: dict[Entity, dict[Entity, Entity]] = {}
        """From where each switch was reached first, seen from one of them; forgotten when a trunk changes."""

    def plug(self, nic: Entity, into: Entity, source: str, at: float) -> None:
        self._plugged[nic] = Plug(into, source, at)

    def unplug(self, nic: Entity) -> None:
        self._plugged.pop(nic, None)

    def trunk(self, one: Entity, other: Entity) -> None:
        self._neighbours.setdefault(one, set()).add(other)
        self._neighbours.setdefault(other, set()).add(one)
        self._trees.clear()

    def forget_trunks(self) -> None:
        self._neighbours.clear()
        self._trees.clear()

    def neighbours(self, switch: Entity) -> list[Entity]:
        return sorted(self._neighbours.get(switch, ()))

    def trunks(self) -> tuple[tuple[Entity, Entity], ...]:
        """Each once, its ends in order."""
        return tuple(
            sorted(
                (one, other) for one, others in self._neighbours.items() for other in others if one < other
            )
        )

    def where(self, nic: Entity) -> Entity | None:
        plug = self._plugged.get(nic)
        return plug.into if plug is not None else None

    def plug_of(self, nic: Entity) -> Plug | None:
        return self._plugged.get(nic)

    def between(self, start: Entity, end: Entity) -> tuple[Entity, ...]:
        """The switches from one to the other, both included; just the two where no trunk is known."""
        if start == end:
            return (start,)
        came_from = self._tree(start)
        return _unwind(came_from, start, end) if end in came_from else (start, end)

    def _tree(self, start: Entity) -> dict[Entity, Entity]:
        if start not in self._trees:
            if len(self._trees) >= TREES:
                self._trees.clear()
            came_from = self._trees[start] = {start: start}
            queue = deque([start])
            while queue:
                here = queue.popleft()
                for there in self.neighbours(here):
                    if there not in came_from:
                        came_from[there] = here
                        queue.append(there)
        return self._trees[start]


def _unwind(came_from: dict[Entity, Entity], start: Entity, end: Entity) -> tuple[Entity, ...]:
    steps = [end]
    while steps[-1] != start:
        steps.append(came_from[steps[-1]])
    return tuple(reversed(steps))


def segment_of(attachment: Attachment) -> Entity:
    """The segment that an address stands for where no switch is declared: its subnet."""
    return ids.segment(str(attachment.interface.network))


def way(
    book: AddressBook, wiring: Wiring, source: Attachment, destination: str, gateway: str
) -> tuple[Entity, ...]:
    """Everything between ``source`` and the destination address, in order, both NICs included.

    ``gateway`` is the next hop, or ``""`` for a destination on the link.
    """
    crossed: list[Entity] = [ids.nic(source.host, source.nic)]
    here = source
    if gateway and gateway != destination:
        crossed += _hop(book, wiring, here, gateway)
        if _one_machine(book, gateway, destination):
            return tuple(dict.fromkeys(crossed))
        crossed.append(ids.gateway(gateway))
        onward = _egress(book, gateway, destination)
        if onward is None:
            return tuple(dict.fromkeys(crossed))
        crossed.append(ids.nic(onward.host, onward.nic))
        here = onward
    crossed += _hop(book, wiring, here, destination)
    return tuple(dict.fromkeys(crossed))


def _one_machine(book: AddressBook, one: str, other: str) -> bool:
    """A machine answers for all its addresses itself: nothing is passed on, and no other NIC is used."""
    owners = book.owner(one), book.owner(other)
    return owners[0] is not None and owners[1] is not None and owners[0].host == owners[1].host


def _hop(book: AddressBook, wiring: Wiring, source: Attachment, address: str) -> list[Entity]:
    """What lies between a NIC and an address on its link, and the NIC there when it is known."""
    start = wiring.where(ids.nic(source.host, source.nic)) or segment_of(source)
    owner = book.owner(address)
    if owner is None:
        return [start]
    far = ids.nic(owner.host, owner.nic)
    end = wiring.where(far) or segment_of(owner)
    return [*wiring.between(start, end), far]


def _egress(book: AddressBook, gateway: str, destination: str) -> Attachment | None:
    """The NIC by which a known gateway reaches a destination on one of its own links."""
    owner = book.owner(gateway)
    if owner is None:
        return None
    try:
        target = ip_address(destination)
    except ValueError:
        return None
    for attachment in book.attachments(owner.host):
        if target.version == attachment.interface.version and target in attachment.interface.network:
            return attachment
    return None
