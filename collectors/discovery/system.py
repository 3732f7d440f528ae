"""What runs here: kernel, operating system, and the boot it is in."""

from __future__ import annotations

import os

from collectors.host import Host

BOOT_ID = "/proc/sys/kernel/random/boot_id"


def boot_id(host: Host) -> str:
    return _line(host, BOOT_ID)


def kernel(host: Host) -> str:
    """Release, as uname -r tells it."""
    return _line(host, "/proc/sys/kernel/osrelease") or (os.uname().release if host.real else "")


def operating_system(host: Host) -> str:
    """PRETTY_NAME of os-release(5)."""
    try:
        lines = host.read("/etc/os-release", 65_536).splitlines()
    except OSError:
        return ""
    for line in lines:
        name, _, value = line.partition("=")
        if name == "PRETTY_NAME":
            return value.strip().strip("\"'")[:256]
    return ""


def _line(host: Host, path: str) -> str:
    try:
        return host.read(path, 256).strip()
    except OSError:
        return ""
