"""Is the machine being changed by its own tools now? What ends meanwhile is expected to come back."""

from __future__ import annotations

import os

from collectors.host import Host
from collectors.process_table import uptime

BOOT_SECONDS = 90.0
"""So long after boot a service that is not there yet is still being started."""
GOING_DOWN = "/run/nologin"
"""systemd writes it when the machine shuts down."""
LOCKED = (
    "/var/lib/dpkg/lock-frontend",
    "/var/lib/dpkg/lock",
    "/usr/lib/sysimage/rpm/.rpm.lock",
    "/var/lib/rpm/.rpm.lock",
    "/lib/apk/db/lock",
)
"""Held for as long as packages are unpacked and set up (fcntl(2), shown in /proc/locks)."""
THERE = ("/var/lib/pacman/db.lck",)
"""Exists for as long."""
AFTERWARDS = 10.0
"""Seconds for what was started at the very end."""
KEY = "packages"


def changing(host: Host) -> str:
    """In words what is going on; ``""`` where nothing is."""
    if uptime(host) < BOOT_SECONDS:
        return "the machine starts"
    if host.exists(GOING_DOWN):
        return "the machine shuts down"
    return "packages are being changed" if _packages(host) else ""


def _packages(host: Host) -> bool:
    if any(host.exists(path) for path in THERE) or _held(host):
        host.memory[KEY] = host.ticks()
    return host.ticks() - float(host.memory.get(KEY, float("-inf"))) < AFTERWARDS


def _held(host: Host) -> bool:
    """``1: POSIX  ADVISORY  WRITE 4711 fd:01:131085 0 EOF`` (proc_locks(5))."""
    inodes = {found for path in LOCKED if (found := _inode(host, path))}
    if not inodes:
        return False
    try:
        rows = host.read("/proc/locks").splitlines()
    except OSError:
        return False
    return any(
        len(fields) > 6
        and fields[1] == "POSIX"
        and fields[3] == "WRITE"
        and fields[5].rpartition(":")[2] in inodes
        for fields in map(str.split, rows)
    )


def _inode(host: Host, path: str) -> str:
    try:
        return str(os.stat(host.path(path)).st_ino)  # noqa: PTH116
    except OSError:
        return ""
