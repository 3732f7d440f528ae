"""Reads what nmcli prints of devices and connections."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from collectors.host import JSON, Host
from collectors.parsing import lines_of
from collectors.source import Source
from wire.judgement import Judgement

FIELD = re.compile(r"^([A-Z0-9-]+\.[A-Z0-9-]+(?:\[\d+\])?):\s*(.*)$")
COLUMN = re.compile(r"[A-Z][A-Z0-9-]*")


class Told(msgspec.Struct):
    devices: dict[str, dict[str, str]] = {}
    connections: list[dict[str, str]] = []


def parse(raw: bytes) -> Told:
    """``dev show``, ``dev status`` and ``con show``. Raises ValueError for an empty text."""
    told = Told()
    current: dict[str, str] = {}
    head: list[tuple[str, int]] = []
    lines = lines_of(raw)
    for line in lines:
        if (match := FIELD.match(line)) is not None:
            if match[1] == "GENERAL.DEVICE":
                current = told.devices.setdefault(match[2].strip(), {})
            current[match[1]] = match[2].strip()
        elif line.startswith(("NAME ", "DEVICE ")):
            head = [(match[0], match.start()) for match in COLUMN.finditer(line)]
        elif head and line.strip():
            _row(told, head, line)
    if not any(line.strip() for line in lines):
        raise ValueError("empty")
    return told


def _row(told: Told, head: list[tuple[str, int]], line: str) -> None:
    ends = [start for _, start in head[1:]] + [len(line)]
    row = {name: line[start:end].strip(' "') for (name, start), end in zip(head, ends, strict=True)}
    if "NAME" in row:
        told.connections.append(row)
    else:
        told.devices[row["DEVICE"]] = {f"GENERAL.{name}": value for name, value in row.items()}


def judge(told: Told, host: Host) -> Iterable[Judgement]:
    """Links and addresses are judged by what the kernel says of them."""
    del told, host
    return ()


def facts(told: Told) -> dict[str, JSON]:
    return {
        "devices": {
            name: {
                "state": fields.get("GENERAL.STATE", ""),
                "type": fields.get("GENERAL.TYPE", ""),
                "connection": fields.get("GENERAL.CONNECTION", ""),
                "carrier": fields.get("WIRED-PROPERTIES.CARRIER", ""),
            }
            for name, fields in told.devices.items()
        },
        "connections": {row["NAME"]: row.get("DEVICE", "") for row in told.connections},
    }


SOURCE = Source(kinds=("nmcli",), parse=parse, judge=judge, facts=facts)
