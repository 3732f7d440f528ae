"""The processes of this host: one cheap pass over /proc/PID/stat, shared by the units that want it."""

from __future__ import annotations

import os
from collections.abc import Iterable

import msgspec

from collectors.host import Host

FRESH_SECONDS = 1.0
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class Process(msgspec.Struct, frozen=True, gc=False):
    """One line of /proc/PID/stat (proc_pid_stat(5))."""

    pid: int
    name: str
    state: str
    parent: int
    session: int
    terminal: int
    """Device number of its terminal; 0: none."""
    ticks: int
    """User and system time."""
    started: int
    """Clock ticks after boot; with the pid it names a process for ever."""
    kernel: bool
    """A kernel thread."""
    pages: int = 0
    """Resident memory."""


def processes(host: Host, fresh: float = FRESH_SECONDS) -> dict[int, Process]:
    """All that can be seen, at most ``fresh`` seconds old. Raises OSError without a readable /proc."""
    return host.cached("processes", fresh, lambda: _scan(host))


def process(host: Host, pid: int) -> Process | None:
    """One process as it is now; None when it is gone."""
    try:
        return _parse(pid, host.read_line(f"/proc/{pid}/stat"))
    except (OSError, ValueError, IndexError):
        return None


class Looked:
    """Processes as they are now, each read when it is first asked for; all only where all are wanted."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._read: dict[int, Process | None] = {}

    def get(self, pid: int) -> Process | None:
        if pid not in self._read:
            self._read[pid] = process(self._host, pid)
        return self._read[pid]

    def everyone(self) -> Iterable[Process]:
        """Raises OSError without a readable /proc."""
        table = processes(self._host, 0.0)
        self._read |= table
        return table.values()


def uptime(host: Host) -> float:
    """Seconds since boot, suspended time included."""
    return float(host.read("/proc/uptime", 256).split()[0])


def age(subject: Process, now: float) -> float:
    """Seconds since the process was started, for ``now`` in seconds since boot."""
    return max(0.0, now - subject.started / TICKS_PER_SECOND)


def pids(host: Host) -> list[int]:
    """Raises OSError without a readable /proc."""
    return [int(name) for name in host.list("/proc") if name.isdigit()]


def _scan(host: Host) -> dict[int, Process]:
    found = (process(host, pid) for pid in pids(host))
    return {one.pid: one for one in found if one is not None}


def _parse(pid: int, line: bytes) -> Process:
    """The name may hold spaces and parentheses: it ends at the last one."""
    opened, closed = line.index(b"("), line.rindex(b")")
    fields = line[closed + 2 :].split(None, 22)
    return Process(
        pid=pid,
        name=line[opened + 1 : closed].decode("utf-8", "replace"),
        state=chr(fields[0][0]),
        parent=int(fields[1]),
        session=int(fields[3]),
        terminal=int(fields[4]),
        ticks=int(fields[11]) + int(fields[12]),
        started=int(fields[19]),
        kernel=bool(int(fields[6]) & 0x00200000),
        pages=int(fields[21]) if len(fields) > 21 else 0,
    )
