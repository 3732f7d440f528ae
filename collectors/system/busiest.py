"""Which process uses the most CPU, between two looks at the process table."""

from __future__ import annotations

from collectors.host import Host
from collectors.identity import identify
from collectors.process_table import TICKS_PER_SECOND, Process, processes
from wire.judgement import Scalar

LEAST_SECONDS = 1.0


def busiest(host: Host) -> dict[str, Scalar]:
    """Name, pid and CPUs used by the busiest one since the last look, or since its start."""
    table = processes(host)
    now = host.ticks()
    before: dict[int, Process]
    at, before = host.memory.get("busiest", (now, {}))
    if now - at >= LEAST_SECONDS or not before:
        host.memory["busiest"] = (now, table)
    top: Process | None = None
    most = -1
    for pid, process in table.items():
        last = before.get(pid)
        spent = process.ticks - (last.ticks if last is not None and last.started == process.started else 0)
        if spent > most:
            top, most = process, spent
    if top is None:
        return {}
    facts: dict[str, Scalar] = {"busiest": identify(host, top).name, "busiest_pid": top.pid}
    if before and now - at >= LEAST_SECONDS:
        facts["busiest_cpus"] = round(most / TICKS_PER_SECOND / (now - at), 2)
    return facts
