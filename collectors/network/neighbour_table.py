"""Is there room for more neighbours in the kernel's table? Value: used share of it."""

from __future__ import annotations

from collections.abc import Iterable

from collectors import cgroups
from collectors.host import Host
from collectors.judging import judged
from collectors.rates import Rates
from collectors.unit import SECOND, Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason

SIGNAL = "net.neighbour_table"
COLLECTOR = Collector(signals=(SIGNAL,), layer=Layer.NETWORK, interval=30 * SECOND)
STATISTICS = "/proc/net/stat/arp_cache"
LIMIT = "/proc/sys/net/ipv4/neigh/default/gc_thresh3"
HIGH = 0.9


def read(host: Host) -> Iterable[Judgement]:
    """arp(7): beyond gc_thresh3 no new neighbour can be spoken to. The limit is the first namespace's."""
    most = cgroups.number(host, LIMIT)
    told = _statistics(host)
    if not most or told is None:
        return
    entries, overflowed = told
    rates = Rates.of(host, "neighbours").update({"full": overflowed}, host.ticks()) or {}
    share = entries / most
    reason = Reason.FULL if rates.get("full") else Reason.HIGH if share >= HIGH else Reason.OK
    yield judged(SIGNAL, entity.host(host.name), reason, round(share, 4), entries=entries, limit=most)


def _statistics(host: Host) -> tuple[int, int] | None:
    """Entries of all namespaces, and how often the table was full, over all CPUs (hexadecimal)."""
    try:
        names, *rows = (line.split() for line in host.read(STATISTICS, 262_144).splitlines())
        at = names.index("table_fulls") if "table_fulls" in names else None
        full = sum(int(row[at], 16) for row in rows) if at is not None else 0
        return int(rows[0][names.index("entries")], 16), full
    except (OSError, ValueError, IndexError):
        return None
