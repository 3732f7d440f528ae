"""Do segments of TCP arrive in another order than they were sent? Value: share of the segments sent."""

from __future__ import annotations

from collections.abc import Iterable

from collectors.host import Host
from collectors.judging import judged
from collectors.lasting import held
from collectors.network.net_counters import net_counters
from collectors.network.nic_table import entrance
from collectors.rates import Rates
from collectors.unit import Collector
from wire.judgement import Judgement, Layer, Reason

SIGNAL = "tcp.reordering"
COLLECTOR = Collector(signals=(SIGNAL,), layer=Layer.TRANSPORT)
SENT, TWICE, NEEDLESS = "Tcp_OutSegs", "Tcp_RetransSegs", "TcpExt_TCPDSACKRecv"
"""Sent again; and sent again although it had arrived, as the receiver says (RFC 2883)."""
MOSTLY = 0.5
"""Of what was sent again; where packets are lost it is far less."""
OVERTAKEN = ("TcpExt_TCPSACKReorder", "TcpExt_TCPTSReorder", "TcpExt_TCPRenoReorder")
"""The sender's own count: a hole that closed by itself was no loss (kernel: tcp_check_sack_reordering)."""
SHARE, PER_SECOND = 0.02, 0.3
LOOKS = 3


def read(host: Host) -> Iterable[Judgement]:
    """Silent where the kernel keeps no such counters."""
    counters = net_counters(host)
    watched = {name: counters[name] for name in (SENT, TWICE, NEEDLESS, *OVERTAKEN) if name in counters}
    rates = Rates.of(host, SIGNAL).update(watched, host.ticks())
    if rates is None or not watched.keys() & set(OVERTAKEN):
        return
    sent, needless = rates.get(SENT, 0.0), rates.get(NEEDLESS, 0.0)
    overtaken = sum(rates.get(name, 0.0) for name in OVERTAKEN)
    overtaken += needless if needless >= MOSTLY * rates.get(TWICE, 0.0) else 0.0
    share = min(1.0, overtaken / sent) if sent and overtaken >= PER_SECOND else 0.0
    lasting = held(host, SIGNAL, share, LOOKS) >= SHARE
    facts = {"sent_per_second": round(sent, 1), "overtaken_per_second": round(overtaken, 2)}
    yield judged(SIGNAL, entrance(host), Reason.ERRORS if lasting else Reason.OK, round(share, 4), **facts)
