"""Reads /proc/driver/cciss/cciss* of old Smart Array controllers, and what cciss_vol_status says of them."""

from __future__ import annotations

import re

from collectors.parsing import lines_of
from collectors.source import Source
from collectors.storage.raid_facts import Controller, Drive, Raid, Volume, facts, judge

HEAD = re.compile(r"^(?P<name>cciss\d+):\s+(?P<model>\S.*)$")
VOLUME = re.compile(
    r"^cciss/(?P<name>c\d+d\d+):\s+(?P<size>\S+)\s+(?P<level>RAID.*?)(?:\s{2,}(?P<state>\S.*))?$"
)

STATUS = re.compile(
    r"^(?P<device>/dev/\S+): (?:\((?P<model>[^)]*)\) )?(?P<level>RAID \S+) Volume (?P<number>\d+)"
    r"(?:\(\?\))? +status: +(?:Using )?(?P<state>[^.]+)"
)
BAY = re.compile(
    r"^\s+connector (?P<port>\S+) +box (?P<box>\d+) +bay (?P<bay>\d+)\s+\S+\s+(?P<model>\S+)(?:\s+\S+){1,2}?"
    r"(?:\s{2,}(?P<state>[A-Z][A-Z ]+))?\s*$"
)
FAILED = re.compile(r"^\s+Failed drives:")
REST = re.compile(r"^\s+(?:Total of|Physical drives)\b")


def parse(raw: bytes) -> Raid:
    """Raises ValueError for other text."""
    controllers: list[Controller] = []
    volumes: list[Volume] = []
    drives: list[Drive] = []
    failed = False
    for line in lines_of(raw):
        if found := HEAD.match(line):
            controllers.append(Controller(name=found["name"], model=found["model"].strip()))
        elif found := VOLUME.match(line):
            volumes.append(
                Volume(
                    name=f"cciss/{found['name']}", level=found["level"].strip(), state=found["state"] or ""
                )
            )
        elif found := STATUS.match(line):
            name = f"{found['device'].removeprefix('/dev/')}/ld{found['number']}"
            volumes.append(Volume(name=name, level=found["level"], state=found["state"].strip()))
        elif found := BAY.match(line):
            place = f"{found['port']}:{found['box']}:{found['bay']}"
            state = "Failed" if failed else found["state"] or "OK"
            drives.append(Drive(place=place, state=state.strip(), model=found["model"]))
        failed = bool(FAILED.match(line)) or (failed and not REST.match(line))
    if not controllers and not volumes:
        raise ValueError("no line of a cciss controller")
    return Raid(controllers=tuple(controllers), volumes=tuple(volumes), drives=tuple(drives))


SOURCE = Source[Raid](kinds=("cciss",), parse=parse, judge=judge, facts=facts)
