"""Does the machine swap all the time? Value: pages swapped in and out per second."""

from __future__ import annotations

from collections.abc import Iterable

from collectors import cgroups
from collectors.host import Host
from collectors.judging import judged
from collectors.rates import Rates
from collectors.unit import Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason

SIGNAL = "mem.swap"
COLLECTOR = Collector(signals=(SIGNAL,), layer=Layer.HOST)
COUNTERS = ("pswpin", "pswpout")
SATURATED, HIGH = 2000.0, 200.0
"""Pages (4 KiB) per second, in both directions: filling the swap once is no thrashing."""


def read(host: Host) -> Iterable[Judgement]:
    table = cgroups.table(host, "/proc/vmstat")
    counters = {name: table[name] for name in COUNTERS if name in table}
    rates = Rates.of(host, "swap").update(counters, host.ticks())
    if rates is None:
        return
    both_ways = 2 * min(rates.values(), default=0.0)
    reason = Reason.SATURATED if both_ways >= SATURATED else Reason.HIGH if both_ways >= HIGH else Reason.OK
    yield judged(
        SIGNAL,
        entity.host(host.name),
        reason,
        round(sum(rates.values()), 1),
        **{f"{name}_per_second": round(rate, 1) for name, rate in rates.items()},
    )
