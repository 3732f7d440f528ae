"""Is there memory left? Value: the share that is available without swapping."""

from __future__ import annotations

from collections.abc import Iterable

from collectors import cgroups
from collectors.host import Host
from collectors.judging import judged
from collectors.unit import Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason, unknown

SIGNAL = "mem.available"
COLLECTOR = Collector(signals=(SIGNAL,), layer=Layer.HOST, interval=5.0)
KIB, MIB = 1024, 1024**2
OPTION = "cgroup_memory"
OWN = "/sys/fs/cgroup"
UNLIMITED = 1 << 60
"""cgroup v1 says "no limit" with a number near 2^63."""


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
    figures: dict[str, int] = {}
    for line in host.read("/proc/meminfo", 65_536).splitlines():
        name, _, rest = line.partition(":")
        number = rest.split()
        if number and number[0].isdigit():
            figures[name] = int(number[0]) * KIB
    if not figures.get("MemTotal") or "MemAvailable" not in figures:
        return None
    return figures["MemAvailable"], figures["MemTotal"]


def _of_cgroup(host: Host) -> tuple[int, int] | None:
    """Within its limit, a group can still have what its file cache gives back. None without a limit."""
    folder = host.options.get(OPTION, OWN)
    for limit_name, used_name, cache in (
        ("memory.max", "memory.current", "inactive_file"),
        ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ):
        limit = cgroups.number(host, f"{folder}/{limit_name}")
        used = cgroups.number(host, f"{folder}/{used_name}")
        if limit is not None and used is not None and 0 < limit < UNLIMITED:
            given_back = cgroups.table(host, f"{folder}/memory.stat").get(cache, 0)
            return max(0, min(limit, limit - used + given_back)), limit
    return None
