"""Reads the tables that storcli and perccli print for people, whole or one of them."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from collectors.parsing import flush_lines, whole
from collectors.storage.raid_facts import Controller, Drive, Raid, Volume

PD_ROW = re.compile(
    r"^(?P<place>\d*\s*:\d+)\s+\d+\s+(?P<state>[A-Z]\w{2,6})\s+(?:(?P<status>[A-Z]\w+)\s+)?(?:\d+|-|F)\s"
    r"(?:.*?\d+(?:\.\d+)?\s?[kK]?B\s+(?P<model>\S.*?)\s+[UDT](?:\s|$))?"
)
"""The second generation tells what a drive is for and then how it is; the model stands between the size of a
sector and whether the drive spins."""
VD_ROW = re.compile(r"^(?P<name>(?:\d+|-)/\d+)\s+(?P<level>RAID\w+|Cac\w)\s+(?P<state>\w+)\s+\S+")
LINE = re.compile(r"^(?P<name>[A-Z][\w ./]{2,40}?)\s*=\s*(?P<value>\S.*)$")
PLACE = re.compile(
    r"^(?:Drive (?P<drive>/c(?P<of>\d+)(?:/e\d+)?/s\d+)\b.*:|/?[Cc](?:ontroller )?(?P<number>\d+)\b.* :)\s*$"
)
BATTERY_TABLE = ("Cachevault_Info", "BBU_Info")
BATTERY_ROW = re.compile(
    r"^[\w.-]+\s+(?P<state>Opt|Degraded|Dgd|Fail|Learn|Replace|Needs|Missing|Msng)(?P<more>\w*)\s"
)
GROUP_ROW = re.compile(
    r"^\s*(?P<group>\d+)\s+(?P<array>-|\d+)\s+(?:-|\d+)\s+(?P<place>-|\d*\s*:\d+)\s+(?:-|\d+)\s+"
    r"(?P<type>RAID\w+|DRIVE)\s+(?P<state>[A-Z]\w{2,6})\s"
)
"""DG Arr Row EID:Slot DID Type State, of the topology."""
CTL_ROW = re.compile(
    r"^\s*(?P<number>\d+)\s+(?P<model>[A-Za-z]\S*(?: \S+)*?)(?:\s+\d+){6}\s+(?P<battery>\S+)\s.*?"
    r"(?P<health>[A-Z][A-Za-z]{2,6})\s*$"
)
"""Ctl Model Ports PDs DGs DNOpt VDs VNOpt BBU … Hlth, of the overview."""
HEALTH = {"Opt": "Optimal", "Dgd": "Degraded", "Fail": "Failed"}


def parse_text(raw: bytes) -> Raid:
    """The tables without ``J``, whole or one of them. Raises ValueError for other text."""
    reading = _Tables()
    for line in flush_lines(raw):
        reading.take(line)
    if not reading.recognised:
        raise ValueError("neither a CLI Version nor a table of drives or volumes")
    return reading.raid()


class _Tables:
    """What was read of the tables so far."""

    def __init__(self) -> None:
        self.number = "c0"
        self.volumes: dict[str, Volume] = {}
        self.drives: dict[str, Drive] = {}
        self.counted: dict[str, dict[str, str]] = {}
        self.groups: dict[str, Volume] = {}
        self.overview: list[Controller] = []
        self.values: dict[str, str] = {}
        self.battery = ""
        self.of_battery = False
        self.place = ""
        """The drive whose details are being told."""

    @property
    def recognised(self) -> bool:
        told = self.volumes or self.drives or self.groups or self.overview or self.counted
        return bool(told) or bool(self.battery) or "CLI Version" in self.values

    def take(self, line: str) -> None:
        self.of_battery |= line.startswith(BATTERY_TABLE)
        if found := PLACE.match(line):
            self.number, self.place = f"c{found['of'] or found['number']}", found["drive"] or ""
        elif found := VD_ROW.match(line):
            name = f"{self.number}/v{found['name'].partition('/')[2]}"
            self.volumes[name] = Volume(name=name, level=found["level"], state=found["state"])
        elif found := PD_ROW.match(line):
            self._drive(found["place"], found["status"] or found["state"], found["model"] or "")
        elif found := GROUP_ROW.match(line):
            self._group(found)
        elif found := CTL_ROW.match(line):
            battery = found["battery"].replace("N/A", "").replace("Msng", "")
            state = HEALTH.get(found["health"], "Needs Attention")
            name = f"c{found['number']}"
            self.overview.append(Controller(name=name, model=found["model"], state=state, battery=battery))
        elif self.of_battery and (found := BATTERY_ROW.match(line)):
            self.battery, self.of_battery = found["state"] + found["more"], False
        elif (found := LINE.match(line)) and self.place:
            self.counted.setdefault(self.place, {}).setdefault(found["name"], found["value"].strip())
        elif found:
            self.values.setdefault(found["name"], found["value"].strip())
            self.number = f"c{found['value'].strip()}" if found["name"] == "Controller" else self.number

    def _drive(self, told: str, state: str, model: str = "") -> None:
        enclosure, _, slot = told.partition(":")
        inside = f"/e{enclosure.strip()}" if enclosure.strip() else ""
        place = f"{self.number}{inside}/s{slot}"
        known = self.drives.get(place)
        self.drives[place] = Drive(place=place, state=state, model=model or (known.model if known else ""))

    def _group(self, found: re.Match[str]) -> None:
        """A row of the topology: of a whole group, or of a drive in it."""
        if ":" in found["place"]:
            self._drive(found["place"], found["state"])
        elif found["array"] == "-":
            name = f"{self.number}/dg{found['group']}"
            self.groups[name] = Volume(name=name, level=found["type"], state=found["state"])

    def raid(self) -> Raid:
        drives = [
            msgspec.structs.replace(drive, **_counts(self.counted.pop(f"/{place}", {})))
            for place, drive in self.drives.items()
        ]
        drives += [Drive(place=place.lstrip("/"), **_counts(told)) for place, told in self.counted.items()]
        state = self.values.get("Controller Status", "")
        controllers = self.overview
        if (state or self.battery) and not controllers:
            model = self.values.get("Model", "")
            controllers = [Controller(name=self.number, model=model, state=state, battery=self.battery)]
        return Raid(
            controllers=tuple(controllers),
            volumes=tuple((self.volumes or self.groups).values()),
            drives=tuple(drives),
        )


def _counts(told: dict[str, str]) -> dict[str, Any]:
    return {
        "media_errors": whole(told.get("Media Error Count", "")) or 0,
        "other_errors": whole(told.get("Other Error Count", "")) or 0,
        "predicted": whole(told.get("Predictive Failure Count", "")) or 0,
        "flagged": told.get("S.M.A.R.T alert flagged by drive", "").lower() == "yes",
    }
