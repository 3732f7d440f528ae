"""Reads MegaCLI: ``-LDInfo``, ``-PDList``, ``-LDPDInfo`` and ``-AdpBbuCmd``."""

from __future__ import annotations

import re

from collectors.parsing import lines_of, whole
from collectors.source import Source
from collectors.storage.raid_facts import Controller, Drive, Raid, Volume, facts, judge

ADAPTER = re.compile(r"^(?:Adapter|Controller)\s*#?\s*(?P<number>\d+)|.*for Adapter:?\s*#?\s*(?P<of>\d+)")
LINE = re.compile(r"^\s*(?P<name>[A-Za-z][^:=]{1,64}?)\s*[:=]\s*(?P<value>.*?)\s*$")
ALARMS = (
    "battery replacement required", "battery pack missing", "pack is about to fail & should be replaced",
    "remaining capacity low", "no space to cache offload", "i2c errors detected", "over temperature",
)  # fmt: skip
JOINED = re.compile(
    r" (?=(?:Slot Number|Media Error Count|Other Error Count|Predictive Failure Count|PD Type|Firmware state|"
    r"Inquiry Data|Device Id): )"
)
"""People put what they grep of a drive on one line."""
MARKS = (
    "megacli",
    "exit code: 0x",
    "adapter #",
    "bbu status for adapter",
    "enclosure device id",
    "virtual drive:",
)


class _Reading:
    """What was read of one output so far."""

    def __init__(self) -> None:
        self.adapter = "a0"
        self.controllers: dict[str, Controller] = {}
        self.alarms: dict[str, list[str]] = {}
        self.volumes: list[dict[str, str]] = []
        self.drives: list[dict[str, str]] = []

    def take(self, name: str, value: str) -> None:
        key = name.lower()
        if key in ("virtual drive", "virtual disk", "cachecade virtual drive"):
            self.volumes.append({"name": f"{self.adapter}/v{value.split(' ', maxsplit=1)[0]}"})
        elif key == "enclosure device id":
            self.drives.append({"place": self.adapter, "enclosure": value})
        elif key == "slot number":
            if not self.drives or "slot" in self.drives[-1]:
                self.drives.append({"place": self.adapter})
            self.drives[-1]["slot"] = value
        elif key in ("state", "raid level") and self.volumes:
            self.volumes[-1].setdefault(key, value)
        elif key == "battery state":
            self.controllers[self.adapter] = Controller(name=self.adapter, battery=value)
        elif key in ALARMS and value.lower() == "yes":
            self.alarms.setdefault(self.adapter, []).append(name)
        elif key == "issohgood" and value.lower() == "no":
            self.alarms.setdefault(self.adapter, []).append("battery is not in good health")
        elif self.drives:
            self.drives[-1].setdefault(key, value)


def parse(raw: bytes) -> Raid:
    """Raises ValueError for what MegaCLI did not print."""
    lines = [part for line in lines_of(raw) for part in JOINED.split(line)]
    if not any(mark in line.lower() for line in lines for mark in MARKS):
        raise ValueError("no adapter, drive or exit code of MegaCLI")
    reading = _Reading()
    for line in lines:
        if found := ADAPTER.match(line):
            reading.adapter = f"a{found['number'] or found['of']}"
        elif found := LINE.match(line):
            reading.take(found["name"], found["value"])
    return Raid(
        controllers=tuple(_controllers(reading)),
        volumes=tuple(
            Volume(name=one["name"], level=one.get("raid level", ""), state=one.get("state", ""))
            for one in reading.volumes
        ),
        drives=tuple(_drive(one) for one in reading.drives if "slot" in one),
    )


def _controllers(reading: _Reading) -> list[Controller]:
    names = dict.fromkeys([*reading.controllers, *reading.alarms])
    return [
        Controller(
            name=name,
            battery=reading.controllers[name].battery if name in reading.controllers else "",
            doubts=tuple(reading.alarms.get(name, [])),
        )
        for name in names
    ]


def _drive(row: dict[str, str]) -> Drive:
    enclosure = row.get("enclosure", "")
    inside = f"/e{enclosure}" if enclosure.isdigit() else ""
    return Drive(
        place=f"{row['place']}{inside}/s{row['slot']}",
        state=row.get("firmware state", ""),
        model=" ".join(row.get("inquiry data", "").split())[:64],
        media_errors=whole(row.get("media error count", "")) or 0,
        other_errors=whole(row.get("other error count", "")) or 0,
        predicted=whole(row.get("predictive failure count", "")) or 0,
        flagged=row.get("drive has flagged a s.m.a.r.t alert", "").lower() == "yes",
    )


SOURCE = Source[Raid](kinds=("megacli", "megacli64"), parse=parse, judge=judge, facts=facts, nothing=Raid())
