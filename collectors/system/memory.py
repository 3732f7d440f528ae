"""Is there memory left? Value: the share that is available without swapping."""

from __future__ import annotations

from collections.abc import Iterable

from collectors import cgroups
from collectors.host import Host
from collectors.judging import judged
from collectors.meminfo import meminfo
from collectors.unit import Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason, unknown

SIGNAL = "mem.available"
COLLECTOR = Collector(signals=(SIGNAL,), layer=Layer.HOST, interval=5.0)
MIB = 1024**2
GIVEN_BACK = ("total_inactive_file", "inactive_file")
"""What the file cache gives back when asked, as version 1 and version 2 count it for all groups below."""


def read(host: Host) -> Iterable[Judgement]:
    found = _of_cgroup(host) or _of_machine(host)
    subject = entity.host(host.name)
    if found is None:
        yield unknown(SIGNAL, subject, Reason.UNREADABLE, source="/proc/meminfo")
        return
    yield judge_memory(host, *found)


def judge_memory(host: Host, available: int, total: int) -> Judgement:
    """Both in bytes."""
    share = available / total
    return judged(
        SIGNAL,
        entity.host(host.name),
        _reason(share, available),
        round(share, 4),
        available_mib=available // MIB,
        total_mib=total // MIB,
    )


def _reason(share: float, available: int) -> Reason:
    """Both a share and an amount: three percent of a large machine are plenty."""
    if share < 0.03 and available < 512 * MIB:
        return Reason.EXHAUSTED
    if share < 0.08 and available < 1024 * MIB:
        return Reason.HIGH
    return Reason.OK


def _of_machine(host: Host) -> tuple[int, int] | None:
    """MemAvailable of proc_meminfo(5): what can be had without swapping."""
    figures = meminfo(host)
    if not figures.get("MemTotal") or "MemAvailable" not in figures:
        return None
    return figures["MemAvailable"], figures["MemTotal"]


def _of_cgroup(host: Host) -> tuple[int, int] | None:
    """Within its limit, a group can still have what its file cache gives back. None without a limit."""
    found = cgroups.memory(host)
    if found is None:
        return None
    folder, limit, used = found
    figures = cgroups.table(host, f"{folder}/memory.stat")
    given_back = next((figures[name] for name in GIVEN_BACK if name in figures), 0)
    return max(0, min(limit, limit - used + given_back)), limit
