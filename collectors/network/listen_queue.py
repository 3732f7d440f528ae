"""Do services accept their connections in time? Value: used share of the queue, or overflows per second."""

from __future__ import annotations

from collections.abc import Iterable

from collectors.aftercare import recovered
from collectors.host import Host
from collectors.judging import judged
from collectors.network.net_counters import net_counters
from collectors.rates import Rates
from collectors.services.listening import Service, listening_sockets, services
from collectors.services.sockets import Socket
from collectors.unit import SECOND, Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason

SIGNAL = "tcp.listen_queue"
COLLECTOR = Collector(signals=(SIGNAL,), layer=Layer.TRANSPORT, interval=10 * SECOND)
HIGH = 0.75
LASTING = 2
"""Looks: a burst fills a queue for a moment, and that is what queues are for."""
COUNTED = ("TcpExt_ListenOverflows", "TcpExt_ListenDrops")


def read(host: Host) -> Iterable[Judgement]:
    """Full queues by service; overflows that nobody was seen with, on the host."""
    rows = [row for row in listening_sockets(host) if row.protocol == "tcp" and row.backlog]
    crowded = {(row.address, row.port): row for row in rows if row.waiting >= HIGH * row.backlog}
    before: dict[tuple[str, int], int] = host.memory.get("crowded", {})
    host.memory["crowded"] = seen = {key: before.get(key, 0) + 1 for key in crowded}
    lasting = [row for key, row in crowded.items() if seen[key] >= LASTING]
    overflows = _overflows(host)
    troubled = {one.name: (one, row) for row in lasting for one in _owners(host, row)}
    for name, (_, row) in sorted(troubled.items()):
        full = row.waiting > row.backlog or (overflows > 0 and row.waiting >= row.backlog)
        yield judged(
            SIGNAL,
            entity.service(host.name, name),
            Reason.FULL if full else Reason.HIGH,
            round(row.waiting / row.backlog, 3),
            port=row.port,
            waiting=row.waiting,
            queue=row.backlog,
            overflows_per_second=round(overflows, 2),
        )
    for name in recovered(host, SIGNAL, troubled.keys()):
        yield judged(SIGNAL, entity.service(host.name, name), Reason.OK)
    lost_by_others = overflows if not troubled else 0.0
    reason = Reason.HIGH if lost_by_others else Reason.OK
    yield judged(SIGNAL, entity.host(host.name), reason, round(overflows, 2))


def _owners(host: Host, row: Socket) -> list[Service]:
    return services(host, [row])


def _overflows(host: Host) -> float:
    """Connections per second that came while a queue was full."""
    counters = net_counters(host)
    watched = {name: counters[name] for name in COUNTED if name in counters}
    rates = Rates.of(host, "overflows").update(watched, host.ticks()) or {}
    return rates.get("TcpExt_ListenOverflows", 0.0)
