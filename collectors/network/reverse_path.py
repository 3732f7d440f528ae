"""Does the kernel drop packets because it would answer them by another way? Value: such packets a second."""

from __future__ import annotations

from collections.abc import Iterable

from collectors.host import Host
from collectors.judging import judged
from collectors.network.net_counters import net_counters
from collectors.rates import Rates
from collectors.unit import Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason

SIGNAL = "net.rpfilter"
COLLECTOR = Collector(signals=(SIGNAL,), layer=Layer.NETWORK)
COUNTER = "TcpExt_IPReversePathFilter"
SOME = 0.3
"""A second: a connection that is tried again and again; single strays come from the network's edge."""


def read(host: Host) -> Iterable[Judgement]:
    """Silent where the kernel keeps no such counter."""
    counters = net_counters(host)
    if COUNTER not in counters:
        return
    rates = Rates.of(host, SIGNAL).update({COUNTER: counters[COUNTER]}, host.ticks())
    rate = rates[COUNTER] if rates else 0.0
    reason = Reason.ERRORS if rate >= SOME else Reason.OK
    yield judged(SIGNAL, entity.host(host.name), reason, round(rate, 3), dropped=counters[COUNTER])
