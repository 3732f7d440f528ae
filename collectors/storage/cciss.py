"""Reads /proc/driver/cciss/cciss* of old Smart Array controllers."""

from __future__ import annotations

import re

from collectors.parsing import lines_of
from collectors.source import Source
from collectors.storage.raid_facts import Controller, Raid, Volume, facts, judge

HEAD = re.compile(r"^(?P<name>cciss\d+):\s+(?P<model>\S.*)$")
VOLUME = re.compile(
    r"^cciss/(?P<name>c\d+d\d+):\s+(?P<size>\S+)\s+(?P<level>RAID.*?)(?:\s{2,}(?P<state>\S.*))?$"
)


def parse(raw: bytes) -> Raid:
    """Raises ValueError for other text."""
    controllers: list[Controller] = []
    volumes: list[Volume] = []
    for line in lines_of(raw):
        if found := HEAD.match(line):
            controllers.append(Controller(name=found["name"], model=found["model"].strip()))
        elif found := VOLUME.match(line):
            volumes.append(
                Volume(
                    name=f"cciss/{found['name']}", level=found["level"].strip(), state=found["state"] or ""
                )
            )
    if not controllers:
        raise ValueError("no line of a cciss controller")
    return Raid(controllers=tuple(controllers), volumes=tuple(volumes))


SOURCE = Source[Raid](kinds=("cciss",), parse=parse, judge=judge, facts=facts)
