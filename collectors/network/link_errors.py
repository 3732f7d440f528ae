"""Do packets arrive and leave broken on the interfaces in use? Value: broken packets per second."""

from __future__ import annotations

from collections.abc import Iterable

from collectors.host import Host
from collectors.judging import judged
from collectors.network.nic_table import Interface, interfaces
from collectors.rates import Rates
from collectors.unit import Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason

SIGNAL = "net.link_errors"
COLLECTOR = Collector(signals=(SIGNAL,), layer=Layer.LINK)
BROKEN = ("rx_errors", "tx_errors", "collisions")
"""Drops are left out: a full queue or an unknown protocol is no fault of the cable."""
DETAILS = ("rx_crc_errors", "rx_frame_errors", "rx_length_errors", "tx_carrier_errors", "tx_aborted_errors")
PER_SECOND = 1.0
SHARE = 1e-4
"""Of all packets. Ethernet promises a bit error in 10^12 bits, about one packet in 10^8."""
KINDS = frozenset(["ethernet", "infiniband", "veth", "bond"])


def read(host: Host) -> Iterable[Judgement]:
    for nic in interfaces(host):
        if nic.kind in KINDS and nic.up and not (nic.kind == "veth" and nic.master):
            rates = Rates.of(host, nic.name).update(nic.counters, host.ticks())
            if rates is not None:
                yield _judge(host, nic, rates)


def _judge(host: Host, nic: Interface, rates: dict[str, float]) -> Judgement:
    broken = sum(rates.get(name, 0.0) for name in BROKEN)
    packets = rates.get("rx_packets", 0.0) + rates.get("tx_packets", 0.0) + broken
    bad = broken >= PER_SECOND and broken >= SHARE * packets
    details = {name: round(rates[name], 3) for name in (*BROKEN, *DETAILS) if rates.get(name)}
    return judged(
        SIGNAL,
        entity.nic(host.name, nic.name),
        Reason.ERRORS if bad else Reason.OK,
        round(broken, 3),
        interface=nic.name,
        packets_per_second=round(packets, 1),
        **details,
    )
