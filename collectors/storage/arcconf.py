"""Reads Adaptec's arcconf: ``getconfig N`` with AD, LD, PD or AL."""

from __future__ import annotations

import re

from collectors.parsing import lines_of, whole
from collectors.source import Source
from collectors.storage.raid_facts import Controller, Drive, Raid, Volume, facts, judge

LINE = re.compile(r"^\s*(?P<name>\S[^:]{0,60}?)\s*:\s*(?P<value>.*?)\s*$")
VOLUME = re.compile(r"^\s*Logical [Dd]evice number (?P<number>\d+)")
DEVICE = re.compile(r"^\s*(?:Device #|Channel #\d+, Device #)(?P<number>\d+)\s*$")
KNOWN = re.compile(
    r"Controllers found|Logical (?:drive|device) information|Physical Device information|"
    r"\s*(?:Logical [Dd]evice number|Device #|Channel #\d+, Device #)\s*\d+"
)
SECTION = re.compile(
    r"^\s*(?P<title>Controller (?:\w+ )*[Ii]nformation|Controller (?:Battery|ZMM|Cache Backup Unit).*|"
    r"Logical (?:drive|device) information|Physical [Dd]evice information|Device Phy Information|"
    r"Green Backup Information|Connector information.*)\s*$"
)


def parse(raw: bytes) -> Raid:
    """Raises ValueError for what arcconf did not print."""
    lines = lines_of(raw)
    if not any(KNOWN.match(line) for line in lines):
        raise ValueError("neither controllers nor devices, as arcconf lists them")
    adapter: dict[str, str] = {}
    battery: dict[str, str] = {}
    volumes: list[dict[str, str]] = []
    drives: list[dict[str, str]] = []
    block: dict[str, str] = {}
    for line in lines:
        if section := SECTION.match(line):
            title = section["title"].lower()
            weak = any(word in title for word in ("battery", "zmm", "backup"))
            block = battery if weak else adapter if title == "controller information" else {}
        elif found := VOLUME.match(line):
            block = {"number": found["number"]}
            volumes.append(block)
        elif found := DEVICE.match(line):
            block = {"number": found["number"]}
            drives.append(block)
        elif found := LINE.match(line):
            block.setdefault(found["name"], found["value"])
    return Raid(
        controllers=_controllers(adapter, battery),
        volumes=tuple(
            Volume(
                name=f"adaptec/ld{one['number']}",
                level=one.get("RAID level", ""),
                state=one.get("Status of Logical Device", one.get("Status of logical device", "")),
            )
            for one in volumes
        ),
        drives=tuple(_drive(one) for one in drives if "State" in one),
    )


def _controllers(adapter: dict[str, str], battery: dict[str, str]) -> tuple[Controller, ...]:
    status = next((battery[key] for key in ("Status", "Overall Backup Unit Status") if key in battery), "")
    if not adapter and not status:
        return ()
    hot = adapter.get("Temperature", "")
    return (
        Controller(
            name="adaptec",
            model=adapter.get("Controller Model", ""),
            state=adapter.get("Controller Status", ""),
            battery="" if status.lower() in ("not installed", "n/a", "not present") else status,
            doubts=(f"temperature {hot}",) if "(" in hot and "(Normal)" not in hot else (),
        ),
    )


def _drive(block: dict[str, str]) -> Drive:
    return Drive(
        place=f"adaptec/pd{block['number']}",
        state=block["State"],
        model=block.get("Model", ""),
        media_errors=whole(block.get("Medium Error Count", "")) or 0,
        predicted=whole(block.get("S.M.A.R.T. warnings", "")) or 0,
        flagged=block.get("Failed logical device segments", "").lower() == "true",
    )


SOURCE = Source[Raid](
    kinds=("arcconf", "adaptecraid", "adaptec", "adaptec_raid"), parse=parse, judge=judge, facts=facts
)
