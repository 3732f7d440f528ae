"""What the kernel counts of its protocols (/proc/net: netstat, snmp, sockstat …) and connections."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from prometheus_client.core import Metric

from agent.host_metrics.families import columns, counter, one, untyped
from collectors import cgroups
from collectors.host import Host
from collectors.network import net_counters

KEPT = re.compile(
    r"^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs)|"
    r"TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts|TCPOFOQueue|TCPRcvQDrop)|"
    r"Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)|"
    r"Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$"
)
"""What node_exporter keeps by default."""
PAGE = os.sysconf("SC_PAGE_SIZE")
SOFTNET = (("processed", 0), ("dropped", 1), ("times_squeezed", 2))


def netstat(host: Host) -> Iterator[Metric]:
    for name, value in net_counters.net_counters(host).items():
        if KEPT.match(name):
            protocol, _, field = name.partition("_")
            yield untyped(f"node_netstat_{name}", f"Statistic {protocol}{field}.", value)


def sockstat(host: Host) -> Iterator[Metric]:
    for protocol, figures in net_counters.sockstat(host).items():
        for name, figure in figures.items():
            field = f"sockets_{name}" if protocol == "sockets" else f"{protocol}_{name}"
            text = f"Number of {protocol} sockets in state {name}."
            yield one(f"node_sockstat_{field}", text, figure)
            if name == "mem":
                yield one(f"node_sockstat_{field}_bytes", text, figure * PAGE)


def softnet(host: Host) -> Iterator[Metric]:
    """One line per CPU, of hexadecimal figures; the thirteenth is the CPU since Linux 5.10."""
    rows: dict[str, dict[str, float]] = {}
    for index, line in enumerate(host.read("/proc/net/softnet_stat", 262_144).splitlines()):
        words = line.split()
        cpu = str(int(words[12], 16)) if len(words) > 12 else str(index)
        rows[cpu] = {name: int(words[at], 16) for name, at in SOFTNET}
    for name, text in (
        ("processed", "Number of processed packets."),
        ("dropped", "Number of dropped packets."),
        ("times_squeezed", "Number of times processing packets ran out of quota."),
    ):
        yield counter(f"node_softnet_{name}", text, ("cpu",), columns(rows, name))


def conntrack(host: Host) -> Iterator[Metric]:
    """Nothing where connections are not tracked."""
    for name, metric, text in (
        ("count", "entries", "Number of currently allocated flow entries for connection tracking."),
        ("max", "entries_limit", "Maximum size of connection tracking table."),
    ):
        value = cgroups.number(host, f"/proc/sys/net/netfilter/nf_conntrack_{name}")
        if value is not None:
            yield one(f"node_nf_conntrack_{metric}", text, value)
