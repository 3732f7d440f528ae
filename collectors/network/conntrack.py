"""Is there room to track more connections? Value: used share of the table."""

from __future__ import annotations

from collections.abc import Iterable

from collectors import cgroups
from collectors.host import Host
from collectors.judging import judged
from collectors.rates import Rates
from collectors.unit import SECOND, Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason

SIGNAL = "tcp.conntrack"
COLLECTOR = Collector(
    signals=(SIGNAL,),
    layer=Layer.TRANSPORT,
    interval=10 * SECOND,
    where=("/proc/sys/net/netfilter/nf_conntrack_count",),
)
FOLDER = "/proc/sys/net/netfilter"
COUNTERS = "/proc/net/stat/nf_conntrack"
FULL, HIGH = 0.99, 0.85


def read(host: Host) -> Iterable[Judgement]:
    """Nothing where connections are not tracked."""
    used = cgroups.number(host, f"{FOLDER}/nf_conntrack_count")
    most = cgroups.number(host, f"{FOLDER}/nf_conntrack_max")
    if used is None or not most:
        return
    share = used / most
    rates = Rates.of(host, "conntrack").update(_lost(host), host.ticks()) or {}
    dropped = rates.get("drop", 0.0) + rates.get("early_drop", 0.0)
    full = share >= FULL or (dropped > 0 and share >= HIGH)
    yield judged(
        SIGNAL,
        entity.host(host.name),
        Reason.FULL if full else Reason.HIGH if share >= HIGH else Reason.OK,
        round(share, 4),
        tracked=used,
        limit=most,
        dropped_per_second=round(dropped, 2),
    )


def _lost(host: Host) -> dict[str, int]:
    """A line of names, then one of hexadecimal figures for each CPU."""
    try:
        lines = host.read(COUNTERS, 262_144).splitlines()
        names = lines[0].split()
        rows = [dict(zip(names, line.split(), strict=False)) for line in lines[1:]]
        return {name: sum(int(row.get(name, "0"), 16) for row in rows) for name in ("drop", "early_drop")}
    except (OSError, IndexError, ValueError):
        return {"drop": 0, "early_drop": 0}
