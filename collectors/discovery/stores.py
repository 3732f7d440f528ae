"""On which mounts the services of this host keep their files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from collectors.discovery.membership import Membership
from collectors.host import Host
from collectors.process_table import processes
from collectors.services.listening import Service
from collectors.services.socket_owners import open_files
from collectors.storage.mount_table import file_systems, mount_of, mounts
from wire.inventory import Store

PROCESSES = 8
"""Looked at for each service."""
FILES = 512
"""Looked at in each process."""
WRITING = 0o3
"""O_WRONLY and O_RDWR."""
ELSEWHERE = ("/dev/", "/proc/", "/sys/", "/memfd:")


def stores(host: Host, services: Sequence[Service]) -> list[Store]:
    """A service stores where it works (its working folder) or has a file open for writing."""
    kept = {one.device: one.point for one in file_systems(host)}
    devices = {one.point: one.device for one in mounts(host)}
    points = sorted(devices, key=len, reverse=True)
    found: set[tuple[str, str]] = set()
    for name, pid in _workers(host, services):
        for path in _files(host, pid):
            point = kept.get(devices.get(mount_of(path, points), ""))
            if point:
                found.add((name, point))
    return [Store(service=name, mount=point[:512]) for name, point in sorted(found)]


def _workers(host: Host, services: Sequence[Service]) -> Iterator[tuple[str, int]]:
    table = processes(host)
    members = Membership(host, services, table)
    known = {service.name for service in services if service.pid}
    count: dict[str, int] = {}
    for process in table.values():
        if process.kernel:
            continue
        name = members.service(process.pid)
        if name in known and count.setdefault(name, 0) < PROCESSES:
            count[name] += 1
            yield name, process.pid


def _files(host: Host, pid: int) -> Iterator[str]:
    try:
        folder = host.read_link(f"/proc/{pid}/cwd")
    except OSError:
        return
    if folder != "/":
        yield folder
    for number, goal in open_files(host, pid, FILES):
        if goal.startswith("/") and not goal.startswith(ELSEWHERE) and _writes(host, pid, number):
            yield goal.removesuffix(" (deleted)")


def _writes(host: Host, pid: int, number: str) -> bool:
    """proc_pid_fdinfo(5): ``flags`` is octal."""
    try:
        for line in host.read(f"/proc/{pid}/fdinfo/{number}", 1024).splitlines():
            if line.startswith("flags:"):
                return bool(int(line.split()[1], 8) & WRITING)
    except (OSError, ValueError, IndexError):
        pass
    return False
