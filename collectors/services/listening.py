"""Which local services listen, on which ports, by which processes."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from collectors.cgroups import units_by_inode
from collectors.host import Host
from collectors.identity import Identity, identify
from collectors.process_table import Looked, Process, age, uptime
from collectors.services.socket_owners import owners
from collectors.services.sockets import CLOSE, LISTEN, Socket, sockets

UDP_SERVICES = frozenset(
    [53, 67, 69, 123, 137, 161, 162, 500, 514, 547, 1194, 1645, 1812, 1813, 2049, 4500, 51820]
)
"""UDP has no listening state: only ports that are known to be served count."""
SUPERVISORS = frozenset(
    [
        "supervisord",
        "runsv",
        "s6-supervise",
        "containerd-shim",
        "conmon",
        "tini",
        "dumb-init",
        "docker-init",
        "pm2",
    ]
)
KNOWN = "services of this host"
LASTS = 3600.0
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
    pids: tuple[int, ...]
    """All processes that hold one of its sockets."""
    age: float
    """Seconds since the main process was started; 0 where unknown."""
    daemon: bool
    """It has no terminal, and the system or a supervisor keeps it."""
    hidden: bool
    """It has processes, but this agent may not see which."""
    doors: tuple[Door, ...]


def listening_sockets(host: Host) -> list[Socket]:
    """All but what a program opened on just any port. Raises OSError when the sockets cannot be listed."""
    passing = ephemeral_ports(host)
    rows = sockets(host, "tcp", LISTEN) + _served_udp(host)
    return [row for row in rows if row.port and row.port not in passing]


def services(host: Host, rows: list[Socket]) -> list[Service]:
    """Who listens on these sockets. The processes must be as fresh as they are."""
    table = Looked(host)
    owned = owners(host, "listening", {row.inode for row in rows}, table)
    units = units_by_inode(host) if any(row.inode not in owned for row in rows) else {}
    now = uptime(host)
    grouped: dict[tuple[str, int], tuple[Service, list[Socket]]] = {}
    for row in rows:
        owner = _owner(owned.get(row.inode, ()), table, units.get(row.cgroup, ("", 0)))
        service = _service(host, row, owner, now)
        grouped.setdefault((service.name, service.pid), (service, []))[1].append(row)
    found = [msgspec.structs.replace(one, doors=_doors(rows)) for one, rows in grouped.values()]
    return _told_apart(host, found)


def all_services(host: Host, rows: list[Socket] | None = None) -> list[Service]:
    """All that listen, as they are now; ``rows`` are all listening sockets, where they were just read."""
    found = services(host, listening_sockets(host) if rows is None else rows)
    host.share(KNOWN, found)
    return found


def recent_services(host: Host, seconds: float) -> list[Service]:
    """As whoever looked last found them, at most so many seconds ago."""
    return host.cached(KNOWN, seconds, lambda: services(host, listening_sockets(host)))


def main_processes(host: Host) -> frozenset[int]:
    """Of all services, as they were found last by whoever looked."""
    return frozenset(one.pid for one in host.cached(KNOWN, LASTS, list[Service]) if one.pid)


def main_process(pids: Iterable[int], table: Looked) -> Process | None:
    """Of processes that share a socket the one that made the others: its parent is not among them."""
    shared = {pid: one for pid in pids if (one := table.get(pid)) is not None}
    if len(shared) > 1:
        shared.pop(1, None)
    heads = [one for one in shared.values() if one.parent not in shared]
    return min(heads, key=lambda one: (one.started, one.pid), default=None)


def privileged(host: Host) -> bool:
    """Whether the open files of everybody's processes may be read."""
    try:
        host.list("/proc/1/fd", 1)
    except OSError:
        return False
    return True


def ephemeral_ports(host: Host) -> range:
    """Ports that the kernel gives to whoever asks for none."""
    try:
        first, last = map(int, host.read(RANGE, 256).split())
    except (OSError, ValueError):
        first, last = DEFAULT_RANGE
    return range(first, last + 1)


def _served_udp(host: Host) -> list[Socket]:
    try:
        return [row for row in sockets(host, "udp", CLOSE) if row.port in UDP_SERVICES]
    except OSError:
        return []


class _Owner(msgspec.Struct, frozen=True):
    """Whose socket it is, as far as that can be seen."""

    main: Process | None
    parent: Process | None
    pids: tuple[int, ...]
    unit: str


def _owner(pids: tuple[int, ...], table: Looked, unit: tuple[str, int]) -> _Owner:
    main = main_process(pids, table) or table.get(unit[1])
    return _Owner(main=main, parent=table.get(main.parent) if main else None, pids=pids, unit=unit[0])


def _service(host: Host, row: Socket, owner: _Owner, now: float) -> Service:
    main = owner.main
    hidden = main is None and not privileged(host)
    if main is None:
        identity = Identity(owner.unit.removesuffix(".service") or f"port-{row.port}", owner.unit)
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
        pids=tuple(sorted(owner.pids)),
        age=age(main, now) if main else 0.0,
        daemon=main is not None and is_daemon(main, owner.parent),
        hidden=hidden,
        doors=(),
    )


def is_daemon(main: Process, parent: Process | None) -> bool:
    """It has no terminal, and the system or a supervisor keeps it."""
    return not main.terminal and (main.parent <= 1 or (parent is not None and parent.name in SUPERVISORS))


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
