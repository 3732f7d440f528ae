"""Does TCP send much twice, keep too many ended connections, or run out of memory? Values: shares."""

from __future__ import annotations

from collections.abc import Iterable

from collectors.host import Host
from collectors.judging import judged
from collectors.lasting import held
from collectors.network.net_counters import net_counters, settings, sockstat
from collectors.rates import Rates
from collectors.unit import Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason

RETRANSMITS, TIMEWAIT, MEMORY, UDP = "tcp.retransmits", "tcp.timewait", "tcp.memory", "udp.buffers"
COLLECTOR = Collector(signals=(RETRANSMITS, TIMEWAIT, MEMORY, UDP), layer=Layer.TRANSPORT)
LOOKS = 3
LOSS, HIGH = 0.10, 0.03
"""Shares of the segments sent. Paths with a thousandth of loss work well."""
LEAST_RETRANSMITS = 2.0
"""Per second: a quiet host sends some of its few segments twice, and nobody notices."""
NEAR = 0.8
UDP_SHARE, UDP_PER_SECOND = 0.05, 10.0
WATCHED = (
    "Tcp_OutSegs",
    "Tcp_RetransSegs",
    "TcpExt_TCPTimeWaitOverflow",
    "TcpExt_TCPAbortOnMemory",
    "TcpExt_TCPMemoryPressures",
    "Udp_InDatagrams",
    "Udp_RcvbufErrors",
    "Udp6_InDatagrams",
    "Udp6_RcvbufErrors",
)


def read(host: Host) -> Iterable[Judgement]:
    counters = net_counters(host)
    watched = {name: counters[name] for name in WATCHED if name in counters}
    rates = Rates.of(host, "tcp").update(watched, host.ticks())
    if rates is None:
        return
    yield _retransmits(host, rates)
    stat = sockstat(host)
    yield _timewait(host, rates, stat.get("TCP", {}).get("tw", 0))
    yield _memory(host, rates, stat.get("TCP", {}))
    yield _udp(host, rates)


def _retransmits(host: Host, rates: dict[str, float]) -> Judgement:
    sent, twice = rates.get("Tcp_OutSegs", 0.0), rates.get("Tcp_RetransSegs", 0.0)
    share = twice / sent if sent and twice >= LEAST_RETRANSMITS else 0.0
    level = held(host, RETRANSMITS, min(1.0, share), LOOKS)
    reason = Reason.LOSS if level >= LOSS else Reason.HIGH if level >= HIGH else Reason.OK
    return judged(
        RETRANSMITS,
        entity.host(host.name),
        reason,
        round(share, 4),
        sent_per_second=round(sent, 1),
        retransmitted_per_second=round(twice, 1),
    )


def _timewait(host: Host, rates: dict[str, float], waiting: int) -> Judgement:
    """Kernel: Documentation/networking/ip-sysctl.rst, tcp_max_tw_buckets."""
    most = next(iter(settings(host, "tcp_max_tw_buckets")), 0)
    share = waiting / most if most else 0.0
    overflowing = rates.get("TcpExt_TCPTimeWaitOverflow", 0.0)
    reason = Reason.FULL if overflowing else Reason.HIGH if share >= NEAR else Reason.OK
    return judged(
        TIMEWAIT,
        entity.host(host.name),
        reason,
        round(share, 4),
        waiting=waiting,
        limit=most,
        overflows_per_second=round(overflowing, 2),
    )


def _memory(host: Host, rates: dict[str, float], stat: dict[str, int]) -> Judgement:
    """tcp_mem: pages at which the kernel begins to press, and at which it refuses."""
    _, pressure, most = (*settings(host, "tcp_mem"), 0, 0, 0)[:3]
    orphans = next(iter(settings(host, "tcp_max_orphans")), 0)
    pages, orphaned = stat.get("mem", 0), stat.get("orphan", 0)
    aborted = rates.get("TcpExt_TCPAbortOnMemory", 0.0)
    if aborted or (most and pages >= most) or (orphans and orphaned >= orphans):
        reason = Reason.EXHAUSTED
    elif (pressure and pages >= pressure) or (orphans and orphaned >= NEAR * orphans):
        reason = Reason.HIGH
    else:
        reason = Reason.OK
    return judged(
        MEMORY,
        entity.host(host.name),
        reason,
        round(pages / most, 4) if most else 0.0,
        pages=pages,
        limit=most,
        orphans=orphaned,
        aborted_per_second=round(aborted, 2),
    )


def _udp(host: Host, rates: dict[str, float]) -> Judgement:
    """What arrives while the program behind the socket does not read is thrown away."""
    got = rates.get("Udp_InDatagrams", 0.0) + rates.get("Udp6_InDatagrams", 0.0)
    lost = rates.get("Udp_RcvbufErrors", 0.0) + rates.get("Udp6_RcvbufErrors", 0.0)
    share = lost / (got + lost) if lost else 0.0
    much = share if lost >= UDP_PER_SECOND else 0.0
    lasting = held(host, UDP, much, LOOKS) >= UDP_SHARE
    reason = Reason.FULL if lasting else Reason.HIGH if much >= UDP_SHARE else Reason.OK
    return judged(UDP, entity.host(host.name), reason, round(share, 4), lost_per_second=round(lost, 1))
