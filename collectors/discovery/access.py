"""What this agent may not read of its host, and the exact words that would grant it."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from collectors.host import Host
from collectors.services.listening import privileged

SETCAP = "sudo setcap cap_sys_ptrace,cap_dac_read_search+ep $(readlink -f .venv/bin/python)"


class Access(msgspec.Struct, frozen=True):
    """One thing that is denied."""

    what: str
    why: str
    grant: str
    """A command line or a setting for whoever runs the machine."""


def denied(host: Host) -> Iterator[Access]:
    """Nothing for root on an ordinary machine."""
    if not privileged(host):
        yield Access(
            "processes behind other users' sockets and their open files",
            "/proc/PID/fd belongs to the user of the process",
            f"run the agent as root, or: {SETCAP}",
        )
    if not host.exists("/proc/1/stat"):
        yield Access(
            "processes of other users", "/proc is mounted with hidepid", "mount -o remount,hidepid=0 /proc"
        )
    if not host.exists("/proc/pressure/cpu"):
        yield Access(
            "pressure of CPU, memory and disks",
            "the kernel keeps none",
            "boot with psi=1 (CONFIG_PSI, Linux 4.20)",
        )
