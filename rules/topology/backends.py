"""What services said of the backends that failed them: dependencies that show when they break."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from rules.graph import Edge
from rules.models import Relation
from rules.topology.book import AddressBook, is_loopback
from wire import entity as ids
from wire.entity import Entity, host_of, kind_of

EPISODE = 120.0
"""Seconds after which a backend that is named no longer is let go, once another one is."""
MOST = 8
"""Backends of one service that are told apart."""
LEARNT = 0.9
FORBIDDEN = 0.3
"""The same of the traffic there: what nobody watches is likelier dead than cut off by a filter on the way."""
SOURCE = "log"


class Backend(msgspec.Struct, frozen=True):
    """Where a service passed requests on to, in vain."""

    address: str
    port: int


class Backends:
    """By service, when each backend was last named; and by address, who named a backend there."""

    def __init__(self) -> None:
        self._named: dict[Entity, dict[Backend, float]] = {}
        self._fronts: dict[str, set[Entity]] = {}

    def note(self, service: Entity, backend: Backend, at: float) -> bool:
        """True when the picture changed: a backend is new, or another was let go for it."""
        known = self._named.get(service, {})
        fresh = {each: when for each, when in known.items() if at - when < EPISODE or each == backend}
        fresh[backend] = at
        while len(fresh) > MOST:
            del fresh[min(fresh, key=lambda each: (fresh[each], each.address, each.port))]
        self._name(service, fresh)
        return fresh.keys() != known.keys()

    def forget(self, host: str) -> None:
        for service in [service for service in self._named if host_of(service) == host]:
            self._name(service, {})

    def _name(self, service: Entity, backends: dict[Backend, float]) -> None:
        for address in {each.address for each in self._named.pop(service, {})}:
            self._fronts[address].discard(service)
            if not self._fronts[address]:
                del self._fronts[address]
        for each in backends:
            self._fronts.setdefault(each.address, set()).add(service)
        if backends:
            self._named[service] = backends

    def of(self, host: str) -> Iterator[tuple[Entity, Backend, float]]:
        for service, backends in self._named.items():
            if host_of(service) == host:
                yield from ((service, backend, at) for backend, at in backends.items())

    def fronts(self, address: str, port: int = 0) -> list[Entity]:
        """The services that missed a backend at this address and, unless 0, port."""
        return [
            service
            for service in sorted(self._fronts.get(address, ()))
            if any(each.address == address and port in (0, each.port) for each in self._named[service])
        ]

    def edges(
        self, host: str, book: AddressBook, way: Callable[[str, str], tuple[Entity, ...]]
    ) -> Iterator[Edge]:
        """To the service that is known there, else to its host, else to the address and the way there."""
        for service, backend, at in self.of(host):
            parent = _known(host, backend, book)
            if parent is not None:
                yield Edge(service, Relation.DEPENDS_ON, parent, LEARNT, source=SOURCE, at=at)
                continue
            crossed = way(host, backend.address)
            address = ids.address(backend.address)
            yield Edge(service, Relation.DEPENDS_ON, address, LEARNT, source=SOURCE, at=at)
            for flow in _flows(backend, crossed):
                yield Edge(service, Relation.DEPENDS_ON, flow, FORBIDDEN, source=SOURCE, at=at)
            for each in crossed:
                if host_of(each) != host:
                    yield Edge(address, Relation.ROUTES_VIA, each, source=SOURCE, at=at)


def _flows(backend: Backend, crossed: tuple[Entity, ...]) -> Iterator[Entity]:
    """The traffic to its door through each gateway, which a filter may forbid."""
    if backend.port:
        door = ids.port(backend.address, backend.port)
        yield from (ids.flow(each, door) for each in crossed if kind_of(each) == "gateway")


def _known(host: str, backend: Backend, book: AddressBook) -> Entity | None:
    owner = book.owner(backend.address)
    machine = host if is_loopback(backend.address) else owner.host if owner else ""
    if not machine:
        return None
    return book.service_at(machine, backend.address, backend.port) or ids.host(machine)
