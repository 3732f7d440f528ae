"""Are tasks stuck in the kernel, without having run once, for minutes? Value: how many."""

from __future__ import annotations

from collections.abc import Iterable

from collectors.host import Host
from collectors.judging import judged
from collectors.process_table import processes
from collectors.unit import SECOND, Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason

SIGNAL = "host.blocked"
COLLECTOR = Collector(signals=(SIGNAL,), layer=Layer.HOST, interval=10 * SECOND)
LONG = 120.0
"""Seconds; what the kernel's own watchdog waits before it writes of a hung task."""
LOOKED_AT = 256
NAMED = 5

Stay = tuple[str, float]
"""How often the task had run when it was first found waiting, and when that was."""


def read(host: Host) -> Iterable[Judgement]:
    now = host.ticks()
    before: dict[tuple[int, int], Stay] = host.memory.get(SIGNAL, {})
    waiting = [one for one in processes(host).values() if one.state == "D"][:LOOKED_AT]
    stays: dict[tuple[int, int], Stay] = {}
    stuck: list[str] = []
    for one in waiting:
        key, runs = (one.pid, one.started), _runs(host, one.pid)
        first, since = before.get(key, (runs, now))
        stays[key] = (runs, now) if first != runs else (first, since)
        if now - stays[key][1] >= LONG:
            stuck.append(one.name)
    host.memory[SIGNAL] = stays
    reason = Reason.HUNG if stuck else Reason.OK
    names = ", ".join(sorted(set(stuck))[:NAMED])
    yield judged(SIGNAL, entity.host(host.name), reason, len(stuck), names=names)


def _runs(host: Host, pid: int) -> str:
    """The lines of proc_pid_status(5) that count how often the task has given up the processor."""
    try:
        status = host.read(f"/proc/{pid}/status", 8192)
    except OSError:  # it has ended
        return ""
    return "".join(line for line in status.splitlines() if "ctxt_switches" in line)
