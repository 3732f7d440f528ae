"""Control groups: which system service a group belongs to, and the figures of one group."""

from __future__ import annotations

import os

from collectors.host import Host

SLICES = ("/sys/fs/cgroup/system.slice", "/sys/fs/cgroup/unified/system.slice")
OWN = "/sys/fs/cgroup"
MEMORY = (("memory.max", "memory.current"), ("memory.limit_in_bytes", "memory.usage_in_bytes"))
"""Limit and use, as version 2 and version 1 call them."""
UNLIMITED = 1 << 60
"""Version 1 says "no limit" with a number near 2^63."""
FRESH_SECONDS = 30.0


def own(host: Host, controller: str) -> list[str]:
    """Where the group of this machine itself may be, if it is a container: of version 2, then of version 1.

    The option ``cgroup_<controller>`` names it where it is elsewhere.
    """
    named = host.options.get(f"cgroup_{controller}")
    if named:
        return [named]
    together = [f"{OWN}/cpu,cpuacct"] if controller == "cpu" else []
    return [OWN, f"{OWN}/{controller}", *together]


def memory(host: Host) -> tuple[str, int, int] | None:
    """Folder, limit and use in bytes of the machine's own group; None without a limit."""
    for folder in own(host, "memory"):
        for limit_name, used_name in MEMORY:
            limit, used = number(host, f"{folder}/{limit_name}"), number(host, f"{folder}/{used_name}")
            if limit is not None and used is not None and 0 < limit < UNLIMITED:
                return folder, limit, used
    return None


def units_by_inode(host: Host) -> dict[int, tuple[str, int]]:
    """Inode of a service's cgroup v2 folder → unit and the pid of its oldest process.

    The kernel tells the cgroup of a socket to everybody, its process only to the owner and to root.
    """
    return host.cached("units by inode", FRESH_SECONDS, lambda: _units(host))


def _units(host: Host) -> dict[int, tuple[str, int]]:
    found: dict[int, tuple[str, int]] = {}
    for slice_ in SLICES:
        if not host.exists(slice_):
            continue
        for name in host.list(slice_):
            if name.endswith(".service"):
                folder = f"{slice_}/{name}"
                inode = os.stat(host.path(folder)).st_ino  # noqa: PTH116 a path object each would double the cost
                found[inode] = (name.replace("\\x2d", "-"), _first_process(host, folder))
    return found


def _first_process(host: Host, folder: str) -> int:
    try:
        pids = [int(line) for line in host.read(f"{folder}/cgroup.procs", 65_536).split()]
    except (OSError, ValueError):
        return 0
    return min(pids, default=0)


def table(host: Host, path: str) -> dict[str, int]:
    """A file of ``name number`` lines, such as cpu.stat and memory.stat."""
    found: dict[str, int] = {}
    for line in host.read(path, 65_536).splitlines():
        name, _, number = line.partition(" ")
        if number.strip().isdigit():
            found[name] = int(number)
    return found


def number(host: Host, path: str) -> int | None:
    """One number, or None for ``max`` and what is not there."""
    try:
        text = host.read(path, 256).strip()
    except OSError:
        return None
    return int(text) if text.lstrip("-").isdigit() else None


def cpu_quota(host: Host, folder: str) -> float | None:
    """CPUs that a group may use at most; None where it has no limit."""
    try:
        quota, period = host.read(f"{folder}/cpu.max", 256).split()
    except (OSError, ValueError):
        quota = str(number(host, f"{folder}/cpu.cfs_quota_us") or "max")
        period = str(number(host, f"{folder}/cpu.cfs_period_us") or 100_000)
    return int(quota) / int(period) if quota.isdigit() and int(period) else None
