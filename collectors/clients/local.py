"""Which local services are of a kind that we know how to ask, and where they can be reached."""

from __future__ import annotations

from fnmatch import fnmatchcase
from ipaddress import ip_address

import msgspec

from collectors.clients.stream import Where
from collectors.host import Host
from collectors.services.listening import Service, recent_services
from wire import entity

FRESH_SECONDS, FOR_EVER = 20.0, 1e9


class Local(msgspec.Struct, frozen=True):
    """One local service and a door of it."""

    service: Service
    where: tuple[str, int]

    def subject(self, host: Host) -> str:
        return entity.service(host.name, self.service.name)

    @property
    def port(self) -> int:
        return self.where[1]


def local_services(host: Host) -> list[Service]:
    """All that listen; none for a tree of files, behind which nothing answers."""
    if not host.real:
        return []
    # One memory for all units that ask: what belongs to which process is looked up once.
    scout = host.cached("applications scout", FOR_EVER, host.for_unit)
    return recent_services(scout, FRESH_SECONDS)


def found(host: Host, *programs: str, ports: tuple[int, ...] = (), only: bool = False) -> list[Local]:
    """Services whose process bears one of these names, each with its best door.

    A service may have several doors: of ``ports`` the first it has counts, else its lowest; ``only`` these
    count for programs that may be anything, such as ``java``. Where processes cannot be seen, the door of
    ``ports`` tells enough.
    """
    known = (
        _door(one, ports)
        for one in local_services(host)
        if _is(one, programs, ports) and (not only or any(door.port in ports for door in one.doors))
    )
    return [local for local in known if local is not None]


def _is(service: Service, programs: tuple[str, ...], ports: tuple[int, ...]) -> bool:
    if service.process:
        return any(fnmatchcase(service.process, program) for program in programs)
    return service.hidden and any(door.port in ports for door in service.doors)


def _door(service: Service, ports: tuple[int, ...]) -> Local | None:
    doors = {door.port: door for door in service.doors if door.protocol == "tcp"}
    port = next((port for port in ports if port in doors), min(doors, default=0))
    return Local(service, (reachable(doors[port].addresses), port)) if port else None


def reachable(addresses: tuple[str, ...]) -> str:
    """The address by which this machine itself gets there, loopback first."""
    usable = sorted(addresses, key=lambda text: (not ip_address(text).is_loopback, ":" in text))
    wild = [text for text in addresses if ip_address(text).is_unspecified]
    if wild:
        return "::1" if all(":" in text for text in wild) else "127.0.0.1"
    return usable[0]


def shown(where: Where) -> str:
    """For evidence."""
    if isinstance(where, str):
        return where
    return f"[{where[0]}]:{where[1]}" if ":" in where[0] else f"{where[0]}:{where[1]}"
