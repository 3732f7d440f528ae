"""Which local services listen, on which ports, by which processes."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from collectors.cgroups import units_by_inode
from collectors.host import Host
from collectors.identity import Identity, identify
from collectors.process_table import Process, age, processes, uptime
from collectors.socket_owners import owners
from collectors.sockets import CLOSE, LISTEN, Socket, sockets

UDP_SERVICES = frozenset(
    [53, 67, 69, 123, 137, 161, 162, 500, 514, 547, 1194, 1645, 1812, 1813, 2049, 4500, 51820]
)
"""UDP has no listening state: only ports that are known to be served count."""
RANGE = "/proc/sys/net/ipv4/ip_local_port_range"
DEFAULT_RANGE = (32768, 60999)


class Door(msgspec.Struct, frozen=True):
    """One port on which something listens."""

    protocol: str
    port: int
    addresses: tuple[str, ...]
    waiting: int
    """Connections nobody accepted yet."""


class Service(msgspec.Struct, frozen=True):
    """What listens, however many processes share the work."""

    name: str
    unit: str
    command: str
    process: str
    pid: int
    """The main process; 0 where this agent may not see it."""
    age: float
    """Seconds since the main process was started; 0 where unknown."""
    doors: tuple[Door, ...]


def services(host: Host) -> list[Service]:
    """Raises OSError when the sockets cannot be listed."""
    rows = _fixed(host, sockets(host, "tcp", LISTEN) + _served_udp(host))
    table = processes(host)
    owned = owners(host, "listening", {row.inode for row in rows}, table)
    units = units_by_inode(host) if any(row.inode not in owned for row in rows) else {}
    now = uptime(host)
    grouped: dict[tuple[str, int], tuple[Service, list[Socket]]] = {}
    for row in rows:
        unit, pid = units.get(row.cgroup, ("", 0))
        main = main_process(owned.get(row.inode, ()), table) or table.get(pid)
        service = _service(host, row, main, unit, now)
        grouped.setdefault((service.name, service.pid), (service, []))[1].append(row)
    return _told_apart(
        host, [msgspec.structs.replace(one, doors=_doors(rows)) for one, rows in grouped.values()]
    )


def main_process(pids: Iterable[int], table: dict[int, Process]) -> Process | None:
    """Of processes that share a socket the one that made the others: its parent is not among them."""
    shared = {pid: table[pid] for pid in pids if pid in table}
    if len(shared) > 1:
        shared.pop(1, None)
    heads = [one for one in shared.values() if one.parent not in shared]
    return min(heads, key=lambda one: (one.started, one.pid), default=None)


def ephemeral_ports(host: Host) -> range:
    """Ports that the kernel gives to whoever asks for none."""
    try:
        first, last = map(int, host.read(RANGE, 256).split())
    except (OSError, ValueError):
        first, last = DEFAULT_RANGE
    return range(first, last + 1)


def _fixed(host: Host, rows: list[Socket]) -> list[Socket]:
    """Without what a program opened on just any port."""
    passing = ephemeral_ports(host)
    return [row for row in rows if row.port and row.port not in passing]


def _served_udp(host: Host) -> list[Socket]:
    try:
        return [row for row in sockets(host, "udp", CLOSE) if row.port in UDP_SERVICES]
    except OSError:
        return []


def _service(host: Host, row: Socket, main: Process | None, unit: str, now: float) -> Service:
    if main is None:
        identity = Identity(unit.removesuffix(".service") or f"port-{row.port}", unit)
    elif main.pid == 1 and main.name in ("systemd", "init"):
        identity, main = (
            Identity(f"port-{row.port}"),
            None,
        )  # socket activation: nothing runs until it is called
    else:
        identity = identify(host, main)
    return Service(
        name=identity.name,
        unit=identity.unit,
        command=identity.command,
        process=main.name if main else "",
        pid=main.pid if main else 0,
        age=age(main, now) if main else 0.0,
        doors=(),
    )


def _doors(rows: list[Socket]) -> tuple[Door, ...]:
    found: dict[tuple[str, int], Door] = {}
    for row in rows:
        door = found.get((row.protocol, row.port), Door(row.protocol, row.port, (), 0))
        found[(row.protocol, row.port)] = Door(
            row.protocol,
            row.port,
            tuple(sorted({*door.addresses, row.address})),
            door.waiting + row.waiting,
        )
    return tuple(found[key] for key in sorted(found))


def _told_apart(host: Host, found: list[Service]) -> list[Service]:
    """Two main processes of one name are two services: all but the oldest bear their lowest port.

    Who was named so keeps its name when the other is gone.
    """
    names: dict[str, dict[str, str]] = host.remembered.setdefault("names told apart", {})
    by_name: dict[str, list[Service]] = {}
    for service in found:
        by_name.setdefault(service.name, []).append(service)
    apart: list[Service] = []
    for name, namesakes in by_name.items():
        given = names.get(name, {})
        if len(namesakes) > 1:
            for service in sorted(namesakes, key=lambda one: (-one.age, one.doors[0].port)):
                port = str(service.doors[0].port)
                free = name not in given.values()
                given.setdefault(port, name if free else f"{name}-{port}")
            names[name] = given
        apart.extend(
            msgspec.structs.replace(service, name=given.get(str(service.doors[0].port), name))
            for service in namesakes
        )
    return apart
