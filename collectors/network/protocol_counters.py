"""Reads counters of protocols: netstat -s, nstat, and /proc/net/netstat and snmp as they are."""

from __future__ import annotations

import re
from collections.abc import Iterable

from collectors.host import JSON, Host
from collectors.judging import judged
from collectors.network.net_counters import pairs
from collectors.parsing import lines_of, text_of
from collectors.source import Source
from wire import entity
from wire.judgement import Judgement, Reason

SECTION = re.compile(r"^([A-Z]\w{1,20}):\s*$")
COUNT_FIRST = re.compile(r"^\s+(\d{1,18})\s+(\S.*?)\s*$")
COUNT_LAST = re.compile(r"^\s+(\S[^:]{0,80}?):?\s+(\d{1,18})\s*$")
NSTAT = re.compile(r"^([A-Z]\w{2,40})\s+(\d{1,18})(?:\s+\d+\.\d+)?\s*$")
"""Also the rows of /proc/net/snmp6, which have no rate."""
NSTAT_PROTOCOLS = re.compile(
    r"^(IpExt|Ip6|Ip|IcmpMsg|Icmp6|Icmp|TcpExt|Tcp|UdpLite6|UdpLite|Udp6|Udp|MPTcpExt)(\w+)$"
)
KNOWN = {
    "Tcp": {
        "segments send out": "OutSegs",
        "segments sent out": "OutSegs",
        "segments retransmited": "RetransSegs",
        "segments retransmitted": "RetransSegs",
        "active connections openings": "ActiveOpens",
        "active connection openings": "ActiveOpens",
        "passive connection openings": "PassiveOpens",
        "failed connection attempts": "AttemptFails",
        "connections established": "CurrEstab",
    },
    "TcpExt": {
        "times the listen queue of a socket overflowed": "ListenOverflows",
        "SYNs to LISTEN sockets dropped": "ListenDrops",
        "SYNs to LISTEN sockets ignored": "ListenDrops",
        "connections aborted due to memory pressure": "TCPAbortOnMemory",
        "TCP sockets finished time wait in fast timer": "TW",
    },
    "Udp": {"receive buffer errors": "RcvbufErrors", "packets received": "InDatagrams"},
}
"""Words of net-tools' statistics → the kernel's names."""
SHARE, LEAST = 0.10, 1000
MANY_OVERFLOWS = 0.01


def parse(raw: bytes) -> dict[str, int]:
    """``Tcp_RetransSegs`` → its count. Raises ValueError for a text without any."""
    found = pairs(text_of(raw)) or _statistics(raw) or _nstat(raw)
    if not found:
        raise ValueError("no counters of protocols")
    return found


def _statistics(raw: bytes) -> dict[str, int]:
    found: dict[str, int] = {}
    section = ""
    for line in lines_of(raw):
        if (match := SECTION.match(line)) is not None:
            section = match[1]
        elif section and (match := COUNT_FIRST.match(line)) is not None:
            name = KNOWN.get(section, {}).get(match[2], match[2])
            found[f"{section}_{name}"] = int(match[1])
        elif section and (match := COUNT_LAST.match(line)) is not None:
            name = KNOWN.get(section, {}).get(match[1], match[1])
            found[f"{section}_{name}"] = int(match[2])
    return found


def _nstat(raw: bytes) -> dict[str, int]:
    found: dict[str, int] = {}
    for line in lines_of(raw):
        match = NSTAT.match(line)
        name = NSTAT_PROTOCOLS.match(match[1]) if match is not None else None
        if match is not None and name is not None:
            found[f"{name[1]}_{name[2]}"] = int(match[2])
    return found


def judge(counters: dict[str, int], host: Host) -> Iterable[Judgement]:
    """Sums since boot tell only what has been bad for long."""
    sent, twice = counters.get("Tcp_OutSegs", 0), counters.get("Tcp_RetransSegs", 0)
    subject = entity.host(host.name)
    if sent:
        share = twice / sent
        bad = share >= SHARE and sent >= LEAST
        reason = Reason.LOSS if bad else Reason.OK
        yield judged("tcp.retransmits", subject, reason, round(share, 4), sent=min(sent, 2**53), twice=twice)
    opened, overflows = counters.get("Tcp_PassiveOpens", 0), counters.get("TcpExt_ListenOverflows", 0)
    if opened:
        often = overflows >= MANY_OVERFLOWS * opened and overflows >= LEAST
        reason = Reason.HIGH if often else Reason.OK
        yield judged("tcp.listen_queue", subject, reason, overflows, opened=opened)


def facts(counters: dict[str, int]) -> dict[str, JSON]:
    return dict(sorted(counters.items()))


KINDS = ("netstat", "netstat_s", "nstat", "proc_netstat", "proc_snmp", "snmp")
SOURCE = Source(kinds=KINDS, parse=parse, judge=judge, facts=facts)
