"""Reads listings of sockets, as ss and netstat print them, and counts what is in which state."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

import msgspec

from collectors.host import JSON, Host
from collectors.judging import judged
from collectors.parsing import lines_of
from collectors.source import Source
from wire import entity
from wire.judgement import Judgement, Reason

PROTOCOLS = r"(tcp|udp|raw|sctp|dccp|udplite|icmp6?|mptcp)(6?)(?:Lite)?"
SS = re.compile(rf"^{PROTOCOLS}\s+([A-Z][A-Z0-9-]+)\s+(\d{{1,9}})\s+(\d{{1,9}})\s+(\S+)\s+(\S+)\s*(.*)$")
SS_BARE = re.compile(r"^()()([A-Z][A-Z0-9-]+)\s+(\d{1,9})\s+(\d{1,9})\s+(\S+:\S+)\s+(\S+:\S+)\s*(.*)$")
NETSTAT = re.compile(
    rf"^{PROTOCOLS}\s+(\d{{1,9}})\s+(\d{{1,9}})\s+(\S+)\s+(\S+)\s*([A-Z][A-Z0-9_]+(?=\s|$))?\s*(.*)$"
)
PROGRAM = re.compile(
    r'users:\(\("([^"]{1,64})"|'
    r"(?<![\d./(])\d{1,9}/([A-Za-z]\S{0,63}(?: (?!(?:off|on|keepalive|timewait|unkn)\b)\S{1,32})*)"
)
STATES = {
    "ESTAB": "ESTABLISHED",
    "TIME-WAIT": "TIME_WAIT",
    "CLOSE-WAIT": "CLOSE_WAIT",
    "SYN-SENT": "SYN_SENT",
}
STATES |= {
    "SYN-RECV": "SYN_RECV",
    "FIN-WAIT-1": "FIN_WAIT1",
    "FIN-WAIT-2": "FIN_WAIT2",
    "LAST-ACK": "LAST_ACK",
}
HIGH = 0.75


class Row(msgspec.Struct, frozen=True):
    protocol: str
    state: str
    received: int
    """Of a listening socket: connections that wait to be accepted."""
    sent: int
    """Of a listening one, by ss: how many may wait."""
    local: str
    remote: str
    program: str
    by_ss: bool


def parse(raw: bytes) -> list[Row]:
    """Raises ValueError for a text without a row of a socket."""
    rows = [row for line in lines_of(raw) if (row := _row(line.strip())) is not None]
    if not rows:
        raise ValueError("no row of a socket")
    return rows


def _row(line: str) -> Row | None:
    match = SS.match(line)
    if match is None and not line.startswith(("State", "Netid")):
        match = SS_BARE.match(line)
    if match is not None:
        state = STATES.get(match[3], match[3])
        return Row(
            match[1] or "tcp", state, int(match[4]), int(match[5]), match[6], match[7], _by(match[8]), True
        )
    match = NETSTAT.match(line)
    if match is None:
        return None
    state = match[7] or "UNCONN"
    return Row(match[1], state, int(match[3]), int(match[4]), match[5], match[6], _by(match[8]), False)


def _by(rest: str) -> str:
    match = PROGRAM.search(rest)
    return (match[1] or match[2]) if match is not None else ""


def judge(rows: list[Row], host: Host) -> Iterable[Judgement]:
    for row in rows:
        if row.protocol == "tcp" and row.state == "LISTEN" and row.by_ss and row.sent:
            full = row.received > row.sent
            reason = Reason.FULL if full else Reason.HIGH if row.received >= HIGH * row.sent else Reason.OK
            name = row.program or f"port-{row.local.rpartition(':')[2]}"
            subject = entity.service(host.name, name)
            share = round(row.received / row.sent, 3)
            yield judged(
                "tcp.listen_queue", subject, reason, share, waiting=row.received, queue=row.sent, at=row.local
            )


def facts(rows: list[Row]) -> dict[str, JSON]:
    states = Counter(row.state for row in rows if row.protocol == "tcp")
    listening = sorted({row.local for row in rows if row.state == "LISTEN"})
    return {
        "sockets": len(rows),
        "states": dict(sorted(states.items())),
        "listening": listening,
        "programs": sorted({row.program for row in rows if row.program}),
    }


SOURCE = Source(kinds=("netstat", "ss"), parse=parse, judge=judge, facts=facts)
