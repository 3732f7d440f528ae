"""Who pings whom: few looks for each host, and yet at least two observers of every link that is known."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable
from hashlib import blake2b
from ipaddress import ip_address
from itertools import islice, product

import msgspec

from rules.topology.book import AddressBook, Attachment
from rules.topology.trunks import trunk
from rules.topology.way import Wiring, segment_of
from wire import entity as ids
from wire.entity import Entity
from wire.exchange import MAX_PEERS
from wire.inventory import Inventory

NEAR = 3
"""Hosts on its own segment that a host looks at."""
FAR = 3
"""Segments that a segment looks at."""
OBSERVERS = 2
TRIED = 4
"""Places on either side of an uncovered trunk between which a way across it is sought."""
Way = Callable[[str, str], tuple[Entity, ...]]
"""What surely lies between a host and an address."""


class Seat(msgspec.Struct, frozen=True, order=True):
    """One address of a host, and the switch or segment that it is plugged into."""

    place: Entity
    host: str
    address: str
    far: bool
    """May others look at it from elsewhere? It is the address by which the host itself goes elsewhere."""


def seats(inventories: Iterable[Inventory], book: AddressBook, wiring: Wiring) -> tuple[Seat, ...]:
    """Of each host one for each place. What two hosts call their own, as bridges of containers, is none."""
    found: dict[tuple[Entity, str], Seat] = {}
    owners: Counter[str] = Counter()
    for inventory in sorted(inventories, key=lambda each: each.host):
        attachments = book.attachments(inventory.host)
        owners.update({str(each.interface.ip) for each in attachments})
        onward = {gateway.interface for gateway in inventory.gateways} or {each.nic for each in attachments}
        for each in sorted(attachments, key=lambda one: one.interface.version):
            seat = _seat(each, wiring, onward)
            if not each.interface.ip.is_link_local:
                found.setdefault((seat.place, seat.host), seat)
    return tuple(sorted(seat for seat in found.values() if owners[seat.address] == 1))


def _seat(each: Attachment, wiring: Wiring, onward: set[str]) -> Seat:
    place = wiring.where(ids.nic(each.host, each.nic)) or segment_of(each)
    inside = not each.interface.ip.is_global
    return Seat(place, each.host, str(each.interface.ip), each.nic in onward and inside)


def peers_of(found: Iterable[Seat], wiring: Wiring, way: Way) -> dict[str, tuple[str, ...]]:
    """Host → the addresses that it should ping.

    All choices are by hash of names, so that a host that comes or goes moves few others.
    """
    return _Mesh(found, wiring, way).draw()


class _Mesh:
    def __init__(self, found: Iterable[Seat], wiring: Wiring, way: Way) -> None:
        self._wiring = wiring
        self._way = way
        self._at: defaultdict[Entity, list[Seat]] = defaultdict(list)
        self._peers: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._crossed: defaultdict[Entity, set[str]] = defaultdict(set)
        """Trunk → the hosts one of whose looks surely goes over it."""
        for seat in found:
            self._at[seat.place].append(seat)
            self._peers[seat.host] = {}

    def draw(self) -> dict[str, tuple[str, ...]]:
        for ring in self._at.values():
            ring.sort(key=lambda seat: _hash(seat.host))
            self._look_around(ring)
        places = sorted((place for place in self._at if self._seats(place)), key=_hash)
        for number, place in enumerate(places):
            for step in range(1, min(FAR, len(places) - 1) + 1):
                self._look_over(place, places[(number + step) % len(places)])
        for ends in self._wiring.trunks.pairs():
            if len(self._crossed[trunk(*ends)]) < OBSERVERS:
                self._cross(ends, set(places))
        return {host: tuple(sorted(peers, key=_by_number)) for host, peers in self._peers.items()}

    def _seats(self, place: Entity) -> list[Seat]:
        return [seat for seat in self._at[place] if seat.far]

    def _look_around(self, ring: list[Seat]) -> None:
        for number, seat in enumerate(ring):
            for step in range(1, min(NEAR, len(ring) - 1) + 1):
                self._look(seat, ring[(number + step) % len(ring)])

    def _look_over(self, place: Entity, other: Entity) -> None:
        """Two observers; where one end has no two, the other end looks back."""
        here, there = (self._rank(place, other), self._rank(other, place))
        pairs = list(zip(here, _endless(there, len(here)), strict=False))
        pairs += zip(there, _endless(here, len(there)), strict=False)
        done = 0
        for seat, target in pairs:
            done += self._look(seat, target)
            if done == OBSERVERS:
                return

    def _rank(self, place: Entity, other: Entity) -> list[Seat]:
        return sorted(self._seats(place), key=lambda seat: _hash(f"{seat.host} {other}"))

    def _look(self, seat: Seat, target: Seat) -> bool:
        """Whether there was room for it."""
        peers = self._peers[seat.host]
        if target.host == seat.host or (len(peers) >= MAX_PEERS and target.address not in peers):
            return False
        peers[target.address] = None
        if seat.place != target.place:
            for entity in self._way(seat.host, target.address):
                self._crossed[entity].add(seat.host)
        return True

    def _cross(self, ends: tuple[Entity, Entity], places: set[Entity]) -> None:
        """A further pair of places whose traffic goes over the trunk, where there is one."""
        one, other = ends
        sides = (self._beyond(one, other, places), self._beyond(other, one, places))
        for place, far in product(*sides):
            seat, target = self._rank(place, far)[0], self._rank(far, place)[0]
            if trunk(one, other) in self._way(seat.host, target.address):
                self._look_over(place, far)
                return

    def _beyond(self, start: Entity, behind: Entity, places: set[Entity]) -> list[Entity]:
        """The nearest places on this side of a trunk."""
        seen, queue = {start, behind}, deque([start])
        found: list[Entity] = []
        while queue and len(found) < TRIED:
            here = queue.popleft()
            if here in places:
                found.append(here)
            fresh = [there for there in self._wiring.trunks.beside(here) if there not in seen]
            seen.update(fresh)
            queue.extend(fresh)
        return found


def _endless(targets: list[Seat], count: int) -> Iterable[Seat]:
    return islice((target for _ in range(count) for target in targets), count)


def _hash(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=8).digest()


def _by_number(address: str) -> tuple[int, int]:
    number = ip_address(address)
    return (number.version, int(number))
