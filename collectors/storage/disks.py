"""Do the disks answer, and in time? Value: milliseconds per request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from collectors.host import Host
from collectors.judging import judged
from collectors.lasting import in_a_row
from collectors.rates import Rates
from collectors.storage.mount_table import file_systems
from collectors.storage.stacked import disk_of
from collectors.unit import Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason

SIGNAL = "disk.latency"
COLLECTOR = Collector(signals=(SIGNAL,), layer=Layer.HARDWARE, interval=5.0)
SLOW_SPINNING, SLOW_SOLID = 500.0, 250.0
"""Milliseconds; a queue of many requests on a healthy disk stays below."""
LOOKS = 3
"""So many slow looks in a row."""
LEAST_REQUESTS = 1.0
"""Per second; fewer say little,"""
MOSTLY = 500.0
"""unless the disk was busy with them for so many milliseconds of each second."""
HUNG_SECONDS = 15.0
"""Requests under way, and none completed."""
NO_DISKS = ("ram", "zram", "sr", "fd")
IF_MOUNTED = ("loop", "nbd")
"""Judged only where this host keeps files on them; the kernel lists those of its containers too."""


def read(host: Host) -> Iterable[Judgement]:
    """/proc/diskstats (kernel: Documentation/admin-guide/iostats.rst), whole disks only."""
    whole = {name.replace("!", "/") for name in host.list("/sys/block")}
    mounted = {disk_of(host, one) for one in file_systems(host)}
    for line in host.read("/proc/diskstats").splitlines():
        fields = line.split()
        if len(fields) < 14 or fields[2] not in whole or fields[2].startswith(NO_DISKS):
            continue
        if fields[2].startswith(IF_MOUNTED) and fields[2] not in mounted:
            continue
        reads, _, _, reading, writes, _, _, writing, under_way, busy = map(int, fields[3:13])
        if reads or writes or under_way:
            counters = {"done": reads + writes, "milliseconds": reading + writing, "busy": busy}
            yield from _judge(host, fields[2], counters, under_way)


def _judge(host: Host, name: str, counters: dict[str, int], under_way: int) -> Iterator[Judgement]:
    """``busy``: milliseconds in which at least one request was under way."""
    waiting = under_way > 0 or _is_suspended(host, name)
    stuck = _stuck_for(host, name, counters["done"], waiting=waiting)
    rates = Rates.of(host, name).update(counters, host.ticks())
    if rates is None:
        return
    latency = rates["milliseconds"] / rates["done"] if rates["done"] else 0.0
    enough = rates["done"] >= LEAST_REQUESTS or rates["busy"] >= MOSTLY
    told = rates["done"] or not waiting  # while one is under way the next look tells how long it took
    slow = in_a_row(host, name, so=enough and latency >= _limit(host, name) if told else None) >= LOOKS
    reason = Reason.HUNG if stuck >= HUNG_SECONDS else Reason.SLOW if slow else Reason.OK
    yield judged(
        SIGNAL,
        entity.disk(host.name, name),
        reason,
        round(latency, 2),
        requests_per_second=round(rates["done"], 1),
        under_way=under_way,
        stuck_seconds=round(stuck, 1),
    )


def _is_suspended(host: Host, name: str) -> bool:
    """A mapped device that keeps back what it is asked does not count it as under way.

    Kernel: Documentation/ABI/testing/sysfs-block-dm. While a snapshot is made it takes a moment.
    """
    try:
        return name.startswith("dm-") and host.read(f"/sys/block/{name}/dm/suspended", 16).strip() == "1"
    except OSError:
        return False


def _stuck_for(host: Host, name: str, done: int, *, waiting: bool) -> float:
    """Seconds since a request was completed, while some wait."""
    last: dict[str, tuple[int, float]] = host.memory.setdefault("completed", {})
    before, since = last.get(name, (-1, 0.0))
    if done != before or not waiting:
        last[name] = (done, host.ticks())
        return 0.0
    return host.ticks() - since


def _limit(host: Host, name: str) -> float:
    try:
        spinning = host.read(f"/sys/block/{name.replace('/', '!')}/queue/rotational", 16).strip() == "1"
    except OSError:
        spinning = True
    return SLOW_SPINNING if spinning else SLOW_SOLID
