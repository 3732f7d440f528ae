"""Reads what ip prints of routes, neighbours and rules; and its complaints."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

import msgspec

from collectors.host import JSON, Host
from collectors.parsing import lines_of
from collectors.source import Source
from wire.judgement import Judgement

DESTINATION = re.compile(
    r"^(?:(unicast|throw|broadcast|local|multicast|unreachable|blackhole|prohibit|anycast|nat)\s+)?"
    r"(default|[0-9a-fA-F.:]+(?:/\d{1,3})?)(?=\s|$)"
)
NEIGHBOUR_STATES = frozenset(
    ["PERMANENT", "NOARP", "REACHABLE", "STALE", "DELAY", "PROBE", "FAILED", "INCOMPLETE", "NONE"]
)
KEYS = frozenset(["via", "dev", "src", "metric", "table", "scope", "proto", "lladdr", "mtu"])
MOST = 100_000


class Route(msgspec.Struct, frozen=True):
    destination: str
    type: str
    told: dict[str, str]


class Tables(msgspec.Struct, frozen=True):
    routes: list[Route]
    neighbours: dict[str, str]
    """Address → state."""
    complaint: str


def parse(raw: bytes) -> Tables:
    """Raises ValueError for an empty text."""
    routes: list[Route] = []
    neighbours: dict[str, str] = {}
    complaint = ""
    lines = [line.strip() for line in lines_of(raw)[:MOST] if line.strip()]
    if not lines:
        raise ValueError("empty")
    for line in lines:
        words = line.split()
        match = DESTINATION.match(line)
        if match is None:
            complaint = complaint or line
        elif words[-1] in NEIGHBOUR_STATES:
            neighbours[words[0]] = words[-1]
        elif len(words) > 1:
            told = {key: value for key, value in pairwise(words) if key in KEYS}
            routes.append(Route(match[2], match[1] or "unicast", told))
    return Tables(routes, neighbours, complaint)


def judge(tables: Tables, host: Host) -> Iterable[Judgement]:
    """A listing alone says of no route that it should be there, and of no neighbour that it is missed."""
    del tables, host
    return ()


def facts(tables: Tables) -> dict[str, JSON]:
    defaults = [one.told for one in tables.routes if one.destination == "default"]
    found: dict[str, JSON] = {
        "routes": [{"destination": one.destination, "type": one.type, **one.told} for one in tables.routes],
        "default_routes": defaults,
        "neighbours": tables.neighbours,
        "failed_neighbours": [name for name, state in tables.neighbours.items() if state == "FAILED"],
    }
    return found | ({"complaint": tables.complaint} if tables.complaint else {})


SOURCE = Source(kinds=("ip", "ip_route", "ip_neigh", "ip_rule"), parse=parse, judge=judge, facts=facts)
