"""What the kernel counts of its protocols (/proc/net: netstat, snmp, sockstat …) and connections."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from prometheus_client.core import Metric

from agent.host_metrics.families import columns, counter, one, untyped
from collectors import cgroups
from collectors.host import Host

KEPT = re.compile(
    r"^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs)|"
    r"TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts|TCPOFOQueue|TCPRcvQDrop)|"
    r"Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)|"
    r"Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$"
)
"""What node_exporter keeps by default."""
SIX = re.compile(r"(Ip6|Icmp6|Udp6|UdpLite6)(\w+)")
PAGE = os.sysconf("SC_PAGE_SIZE")
SOFTNET = (("processed", 0), ("dropped", 1), ("times_squeezed", 2))


def netstat(host: Host) -> Iterator[Metric]:
    for name, value in counters(host).items():
        if KEPT.match(name):
            protocol, _, field = name.partition("_")
            yield untyped(f"node_netstat_{name}", f"Statistic {protocol}{field}.", value)


def counters(host: Host) -> dict[str, int]:
    """``Tcp_RetransSegs`` → its count."""
    found: dict[str, int] = {}
    for path in ("/proc/net/netstat", "/proc/net/snmp"):
        lines = host.read(path, 65_536).splitlines()
        for names, values in zip(lines[::2], lines[1::2], strict=False):
            protocol = names.partition(":")[0]
            pairs = zip(names.split()[1:], values.split()[1:], strict=False)
            found |= {f"{protocol}_{name}": int(value) for name, value in pairs}
    if host.exists("/proc/net/snmp6"):
        for line in host.read("/proc/net/snmp6", 65_536).splitlines():
            name, value = line.split()
            if (match := SIX.fullmatch(name)) is not None:
                found[f"{match[1]}_{match[2]}"] = int(value)
    return found


def sockstat(host: Host) -> Iterator[Metric]:
    for path in ("/proc/net/sockstat", "/proc/net/sockstat6"):
        if not host.exists(path):
            continue
        for line in host.read(path, 4096).splitlines():
            protocol, _, rest = line.partition(":")
            words = rest.split()
            for name, figure in zip(words[::2], words[1::2], strict=False):
                field = f"sockets_{name}" if protocol == "sockets" else f"{protocol}_{name}"
                text = f"Number of {protocol} sockets in state {name}."
                yield one(f"node_sockstat_{field}", text, int(figure))
                if name == "mem":
                    yield one(f"node_sockstat_{field}_bytes", text, int(figure) * PAGE)


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
