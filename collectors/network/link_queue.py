"""Does an interface get more than it can send? Value: packets dropped per second for want of room."""

from __future__ import annotations

import struct
from collections.abc import Iterable

import msgspec

from collectors.host import Host
from collectors.judging import judged
from collectors.lasting import in_a_row
from collectors.network.link_errors import KINDS
from collectors.network.nic_table import interfaces
from collectors.rates import Rates
from collectors.unit import SECOND, Collector
from kernel import netlink
from wire import entity
from wire.judgement import Judgement, Layer, Reason, Scalar

SIGNAL = "link.queue"
COLLECTOR = Collector(signals=(SIGNAL,), layer=Layer.LINK, interval=10 * SECOND)
GET_QDISC, NEW_QDISC = 38, 36
HEAD = struct.Struct("=BxxxiIII")  # struct tcmsg
ROOT = 0xFFFFFFFF
KIND, STATS, QUEUE = 1, 7, 3
"""TCA_KIND, TCA_STATS2 and, within it, TCA_STATS_QUEUE (linux/rtnetlink.h, gen_stats.h)."""
COUNTS = struct.Struct("=IIIII")
"""struct gnet_stats_queue: packets and bytes that wait, dropped, requeued, over the limit."""
LASTING = 2
"""Looks: a burst fills a queue for a moment, and that is what queues are for."""
SOME = 1.0
"""Dropped a second."""


class Queue(msgspec.Struct, frozen=True):
    """What stands before an interface."""

    kind: str
    waiting: int
    """Bytes."""
    dropped: int


def read(host: Host) -> Iterable[Judgement]:
    """Of this machine alone: no file tells what the kernel is asked."""
    for name, queue in sorted(queues(host).items()) if host.real else ():
        rates = Rates.of(host, name).update({"dropped": queue.dropped}, host.ticks())
        yield judge(host, name, queue, rates["dropped"] if rates else 0.0)


def judge(host: Host, name: str, queue: Queue, lost: float) -> Judgement:
    """``lost``: dropped a second, because those before it still waited."""
    full = in_a_row(host, name, so=queue.waiting > 0 and lost >= SOME)
    reason = Reason.SATURATED if full >= LASTING else Reason.OK
    facts: dict[str, Scalar] = {"interface": name, "queue": queue.kind, "waiting_bytes": queue.waiting}
    return judged(SIGNAL, entity.nic(host.name, name), reason, round(lost, 1), **facts)


def queues(host: Host) -> dict[str, Queue]:
    """The outermost queue of each interface in use. Raises OSError where the kernel refuses."""
    names = {
        nic.index: nic.name for nic in interfaces(host) if nic.kind in KINDS and nic.up and not nic.master
    }
    found: dict[str, Queue] = {}
    for kind, payload in netlink.dump(netlink.ROUTE, GET_QDISC, HEAD.pack(0, 0, 0, 0, 0)):
        _, index, _, parent, _ = HEAD.unpack_from(payload)
        values = netlink.attributes(payload, HEAD.size)
        counts = netlink.attributes(values.get(STATS, b"")).get(QUEUE, b"")
        if kind == NEW_QDISC and parent == ROOT and index in names and len(counts) >= COUNTS.size:
            _, waiting, dropped, _, _ = COUNTS.unpack_from(counts)
            found[names[index]] = Queue(netlink.text(values.get(KIND, b"")), waiting, dropped)
    return found
