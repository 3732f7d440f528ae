"""Reads the counters of a port (``ethtool -S``) and says which of them count broken packets."""

from __future__ import annotations

import re
from collections.abc import Iterable

from collectors.host import JSON, Host
from collectors.judging import judged
from collectors.parsing import lines_of
from collectors.source import Source
from wire import entity
from wire.judgement import Judgement, Reason

SIGNAL = "net.link_errors"
COUNTER = re.compile(r"^\s*(\S.{0,80}?)\s*:\s*(\d{1,20})\s*$")
BROKEN = re.compile(
    r"crc|fcs|symbol_err|align_err|jabber|(^|_)(rx|tx)_(error|err)s?$|frame_err|fifo_err|carrier_err"
)
PACKETS = re.compile(r"^(port\.)?[rt]x_(ucast_|unicast_)?(packets|pkts)(_phy)?$")
HEAD = "statistics:"
FEW, SHARE = 100, 1e-4
"""A port that once was plugged in under way has some; and a share of all packets matters."""


def parse(raw: bytes) -> dict[str, int]:
    """Raises ValueError for a text without ``NIC statistics:``."""
    lines = lines_of(raw)
    if not any(line.strip().endswith(HEAD) for line in lines):
        raise ValueError('no "NIC statistics:"')
    return {match[1]: int(match[2]) for line in lines if (match := COUNTER.match(line))}


def judge(counters: dict[str, int], host: Host) -> Iterable[Judgement]:
    """A recording holds sums since the driver was loaded, so the share of all packets is what it tells."""
    if not counters:
        return
    broken = broken_of(counters)
    packets = sum(value for name, value in counters.items() if PACKETS.match(name.lower()))
    worst = max(broken.values(), default=0)
    bad = worst >= FEW and worst >= SHARE * packets
    details = dict(sorted(broken.items(), key=lambda one: -one[1])[:12])
    yield judged(
        SIGNAL,
        entity.nic(host.name, "port"),
        Reason.ERRORS if bad else Reason.OK,
        worst,
        packets=min(packets, 2**53),
        **{name[:64]: min(value, 2**53) for name, value in details.items()},
    )


def broken_of(counters: dict[str, int]) -> dict[str, int]:
    return {name: value for name, value in counters.items() if value and BROKEN.search(name.lower())}


def facts(counters: dict[str, int]) -> dict[str, JSON]:
    return {"errors": broken_of(counters), "counters": dict(counters)}


SOURCE = Source(kinds=("ethtool", "ethtool_s"), parse=parse, judge=judge, facts=facts)
