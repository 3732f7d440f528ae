"""Does the kernel drop packets because it would answer them by another way? Value: such packets a second."""

from __future__ import annotations

from collections import deque
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
MARKS = 64
MINUTE = 60.0
"""Seconds: who gets no answer asks more and more rarely, which is no recovery."""


def read(host: Host) -> Iterable[Judgement]:
    """Silent where the kernel keeps no such counter."""
    counters = net_counters(host)
    if COUNTER not in counters:
        return
    dropped, now = counters[COUNTER], host.ticks()
    rates = Rates.of(host, SIGNAL).update({COUNTER: dropped}, now)
    rate = max(rates[COUNTER] if rates else 0.0, _lately(host, dropped, now))
    reason = Reason.ERRORS if rate >= SOME else Reason.OK
    yield judged(SIGNAL, entity.host(host.name), reason, round(rate, 3), dropped=dropped)


def _lately(host: Host, dropped: int, now: float) -> float:
    """The rate over the last minute; 0 while that is not known, and after a reset."""
    marks: deque[tuple[float, int]] = host.memory.setdefault("marks", deque(maxlen=MARKS))
    marks.append((now, dropped))
    while len(marks) > 1 and marks[1][0] <= now - MINUTE:
        marks.popleft()
    since, before = marks[0]
    return max(0.0, (dropped - before) / (now - since)) if now - since >= MINUTE else 0.0
