"""Which NICs, segments, switches and gateways a packet crosses from one host to an address."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address
from typing import NamedTuple

from rules.evidence import Exercised
from rules.models import Role
from rules.topology.book import AddressBook, Attachment
from rules.topology.trunks import Crossed, Trunks
from wire import entity as ids
from wire.entity import Entity


class Way(NamedTuple):
    """What lies between a host and what it looks at."""

    crossed: tuple[Crossed, ...]
    exercised: tuple[Exercised, ...]
    """The same, as a look exercises it."""
    shares: tuple[tuple[Entity, float], ...]
    """What of it is crossed or not, with the probability that it is."""


def way_of(*crossed: Crossed) -> Way:
    exercised = [(Role.AVOIDABLE if each.avoidable else Role.PATH, each.entity) for each in crossed]
    shares = [(each.entity, each.share) for each in crossed if each.share < 1.0]
    return Way(crossed, tuple(exercised), tuple(shares))


NO_WAY = way_of()


class Plug(NamedTuple):
    """What a NIC is plugged into, how that is known, and since when."""

    into: Entity
    source: str
    at: float


class Wiring:
    """Where each NIC is plugged in, and how the switches hang together."""

    def __init__(self) -> None:
        self._plugged: dict[Entity, Plug] = {}
        self.trunks = Trunks()

    def plug(self, nic: Entity, into: Entity, source: str, at: float) -> None:
        self._plugged[nic] = Plug(into, source, at)

    def unplug(self, nic: Entity) -> None:
        self._plugged.pop(nic, None)

    def where(self, nic: Entity) -> Entity | None:
        plug = self._plugged.get(nic)
        return plug.into if plug is not None else None

    def plug_of(self, nic: Entity) -> Plug | None:
        return self._plugged.get(nic)


def segment_of(attachment: Attachment) -> Entity:
    """The segment that an address stands for where no switch is declared: its subnet."""
    return ids.segment(str(attachment.interface.network))


def way(
    book: AddressBook, wiring: Wiring, source: Attachment, destination: str, gateway: str
) -> tuple[Crossed, ...]:
    """Everything between ``source`` and the destination address, in order, both NICs included.

    ``gateway`` is the next hop, or ``""`` for a destination on the link.
    """
    crossed = [Crossed(ids.nic(source.host, source.nic))]
    here = source
    if gateway and gateway != destination:
        crossed += _hop(book, wiring, here, gateway)
        if _one_machine(book, gateway, destination):
            return _once(crossed)
        crossed.append(Crossed(ids.gateway(gateway)))
        onward = _egress(book, gateway, destination)
        if onward is None:
            return _once(crossed)
        crossed.append(Crossed(ids.nic(onward.host, onward.nic)))
        here = onward
    crossed += _hop(book, wiring, here, destination)
    return _once(crossed)


def _once(crossed: Iterable[Crossed]) -> tuple[Crossed, ...]:
    """What is crossed twice is crossed as surely as it is anywhere."""
    found: dict[Entity, Crossed] = {}
    for each in crossed:
        known = found.get(each.entity, each)
        share, avoidable = max(known.share, each.share), known.avoidable and each.avoidable
        found[each.entity] = Crossed(each.entity, share, avoidable)
    return tuple(found.values())


def _one_machine(book: AddressBook, one: str, other: str) -> bool:
    """A machine answers for all its addresses itself: nothing is passed on, and no other NIC is used."""
    owners = book.owner(one), book.owner(other)
    return owners[0] is not None and owners[1] is not None and owners[0].host == owners[1].host


def _hop(book: AddressBook, wiring: Wiring, source: Attachment, address: str) -> list[Crossed]:
    """What lies between a NIC and an address on its link, and the NIC there when it is known."""
    start = wiring.where(ids.nic(source.host, source.nic)) or segment_of(source)
    owner = book.owner(address)
    if owner is None:
        return [Crossed(start)]
    far = ids.nic(owner.host, owner.nic)
    end = wiring.where(far) or segment_of(owner)
    # Of two cards with one hardware address a switch finds now this one, now that.
    strays = [Crossed(ids.nic(each.host, each.nic), share=0.5) for each in book.namesakes(owner)]
    return [*wiring.trunks.between(start, end), Crossed(far), *strays]


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
