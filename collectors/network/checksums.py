"""Do packets arrive damaged, though the wire's own check let them in? Value: damaged packets per second."""

from __future__ import annotations

from collections.abc import Iterable

from collectors.host import Host
from collectors.judging import judged
from collectors.network.net_counters import net_counters
from collectors.network.nic_table import entrance
from collectors.rates import Rates
from collectors.unit import Collector
from wire.judgement import Judgement, Layer, Reason

SIGNAL = "net.checksums"
COLLECTOR = Collector(signals=(SIGNAL,), layer=Layer.NETWORK)
COUNTERS = (
    "Tcp_InCsumErrors",
    "Udp_InCsumErrors",
    "Icmp_InCsumErrors",
    "IpExt_InCsumErrors",
    "Udp6_InCsumErrors",
)
SOME = 0.3
"""A second. One packet in some millions slips through the checks of the wire, no more."""


def read(host: Host) -> Iterable[Judgement]:
    counters = net_counters(host)
    watched = {name: counters[name] for name in COUNTERS if name in counters}
    rates = Rates.of(host, SIGNAL).update(watched, host.ticks()) or {}
    damaged = sum(rates.values())
    reason = Reason.ERRORS if damaged >= SOME else Reason.OK
    facts = {name: round(rate, 3) for name, rate in rates.items() if rate}
    yield judged(SIGNAL, entrance(host), reason, round(damaged, 3), **facts)
