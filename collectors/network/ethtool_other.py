"""Reads what else ethtool prints: driver, features, rings, pauses, time stamping; and its complaints."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from collectors.host import JSON, Host
from collectors.parsing import lines_of
from collectors.source import Source
from wire.judgement import Judgement

MOST = 512
CAPABILITY = re.compile(r"^([a-z][a-z0-9-]{1,64})\s+\(([A-Z0-9_]{1,96})\)?$")
"""One of ``-T``: ``hardware-receive (SOF_TIMESTAMPING_RX_HARDWARE)``."""


class Told(msgspec.Struct, frozen=True):
    head: str
    """What is told of which port: ``Ring parameters for ens3``."""
    values: dict[str, str]
    complaint: str


def parse(raw: bytes) -> Told:
    """Raises ValueError for an empty text."""
    lines = [line.strip() for line in lines_of(raw) if line.strip()]
    if not lines:
        raise ValueError("empty")
    head, section, complaint = "", "", ""
    values: dict[str, str] = {}
    for line in lines:
        key, colon, value = (part.strip() for part in line.partition(":"))
        if (found := CAPABILITY.match(line)) is not None and section:
            values[f"{section}/{found[1]}"] = found[2]
        elif not colon or line.startswith("Cannot get"):
            complaint = complaint or line
        elif not value and " for " in key:
            head = head or key
        elif not value:
            section = key
        elif len(values) < MOST:
            values[f"{section}/{key}" if section and key in values else key] = value
    return Told(head=head, values=values, complaint=complaint)


def judge(told: Told, host: Host) -> Iterable[Judgement]:
    """Settings are nobody's fault by themselves."""
    del told, host
    return ()


def facts(told: Told) -> dict[str, JSON]:
    return {"head": told.head, **told.values} | ({"complaint": told.complaint} if told.complaint else {})


SOURCE = Source(kinds=("ethtool",), parse=parse, judge=judge, facts=facts)
