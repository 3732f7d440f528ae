"""Does anything come back on each VLAN of this host? Value: packets received per second."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from collectors.host import JSON, Host
from collectors.judging import judged
from collectors.lasting import in_a_row
from collectors.network.nic_table import Interface, interfaces
from collectors.parsing import lines_of
from collectors.rates import Rates
from collectors.source import Source
from collectors.unit import Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason

SIGNAL = "link.vlan_traffic"
COLLECTOR = Collector(signals=(SIGNAL,), layer=Layer.LINK, where=("/proc/net/vlan/config",))
CONFIG = "/proc/net/vlan/config"
ROW = re.compile(r"^(\S{1,64})\s*\|\s*(\d{1,4})\s*\|\s*(\S{1,64})\s*$")
HEADS = ("VLAN Dev name", "Name-Type:")
LOOKS = 8
"""About two minutes in which packets went out and none came in."""
LEAST_SENT = 0.2
"""Packets per second: who asks for nothing gets no answer."""


class Vlan(msgspec.Struct, frozen=True):
    name: str
    id: int
    parent: str


def read(host: Host) -> Iterable[Judgement]:
    """The switch drops the tag where the port does not carry the VLAN: only the other VLANs still work."""
    nics = {nic.name: nic for nic in interfaces(host)}
    if not host.exists(CONFIG):  # the module was unloaded, and its VLANs with it
        return
    for vlan in parse(host.read_bytes(CONFIG)):
        own, parent = nics.get(vlan.name), nics.get(vlan.parent)
        if own is None or parent is None or not (own.up and parent.carrier):
            in_a_row(host, vlan.name, so=False)
            continue
        sent, got = _packets(host, own)
        below = _packets(host, parent)[1]
        if sent is None or got is None:
            continue
        cut_off = sent >= LEAST_SENT and got == 0 and bool(below)
        reason = Reason.STOPPED if in_a_row(host, vlan.name, so=cut_off) >= LOOKS else Reason.OK
        subject = entity.nic(host.name, vlan.name)
        yield judged(
            SIGNAL, subject, reason, round(got, 2), vlan=vlan.id, parent=vlan.parent, sent=round(sent, 2)
        )


def _packets(host: Host, nic: Interface) -> tuple[float | None, float | None]:
    """Sent and received per second; None before the second look."""
    counters = {name: nic.counters.get(name, 0) for name in ("tx_packets", "rx_packets")}
    rates = Rates.of(host, nic.name).update(counters, host.ticks())
    return (rates["tx_packets"], rates["rx_packets"]) if rates else (None, None)


def parse(raw: bytes) -> list[Vlan]:
    """Raises ValueError for a text without the table's head."""
    lines = lines_of(raw)
    if not any(head in line for line in lines for head in HEADS):
        raise ValueError("no table of VLANs")
    return [
        Vlan(match[1], int(match[2]), match[3]) for line in lines if (match := ROW.match(line)) is not None
    ]


def judge(vlans: list[Vlan], host: Host) -> Iterable[Judgement]:
    """The table says which there are, not whether anything comes back."""
    del vlans, host
    return ()


def facts(vlans: list[Vlan]) -> dict[str, JSON]:
    return {"vlans": {one.name: {"id": one.id, "parent": one.parent} for one in vlans}}


SOURCE = Source(kinds=("vlan", "proc_net_vlan"), parse=parse, judge=judge, facts=facts)
