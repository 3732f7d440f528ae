"""Do huge pages that nobody uses keep memory from who needs it? Value: the share of memory that is idle."""

from __future__ import annotations

from collections.abc import Iterable

from collectors.host import Host
from collectors.judging import judged
from collectors.meminfo import KIB, meminfo
from collectors.sysfs import Files, names
from collectors.unit import SECOND, Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason

SIGNAL = "mem.hugepages"
POOLS = "/sys/kernel/mm/hugepages"
COLLECTOR = Collector(
    signals=(SIGNAL,), layer=Layer.HOST, interval=60 * SECOND, where=(f"{POOLS}/hugepages-*",)
)
MIB = 1024**2
IDLE, SHORT = 0.1, 0.1
LEAST = 512 * MIB


def read(host: Host) -> Iterable[Judgement]:
    """Pages of every size (Documentation/admin-guide/mm/hugetlbpage): nothing else may use them."""
    files = Files(host)
    idle = 0
    for name in names(host, POOLS, r"hugepages-\d{1,9}kB"):
        free = files.number(f"{POOLS}/{name}/free_hugepages") or 0
        promised = files.number(f"{POOLS}/{name}/resv_hugepages") or 0
        size = int(name.removeprefix("hugepages-").removesuffix("kB")) * KIB
        idle += max(0, free - promised) * size
    figures = meminfo(host)
    available, total = figures.get("MemAvailable"), figures.get("MemTotal")
    if available is not None and total:
        yield judge_huge_pages(host, idle, available, total)


def judge_huge_pages(host: Host, idle: int, available: int, total: int) -> Judgement:
    """All in bytes. Idle pages harm only where the rest is short of memory."""
    high = idle >= max(LEAST, IDLE * total) and available < SHORT * total
    return judged(
        SIGNAL,
        entity.host(host.name),
        Reason.HIGH if high else Reason.OK,
        round(idle / total, 4),
        idle_mib=idle // MIB,
        available_mib=available // MIB,
    )
