"""Reads storcli and perccli as JSON (``J``): MegaRAID and PERC controllers, volumes and drives."""

from __future__ import annotations

import re
from collections.abc import Iterator

from collectors.host import JSON
from collectors.parsing import at, object_of, objects, said, whole
from collectors.source import Source
from collectors.storage.raid_facts import Controller, Drive, Raid, Volume, facts, judge
from collectors.storage.storcli_text import HEALTH, parse_text

DETAIL = re.compile(r"^Drive (?P<place>/c\d+(?:/e\d+)?/s\d+) - Detailed Information$")
TABLE = re.compile(r"^Drive (?P<place>/c\d+(?:/e\d+)?/s\d+)$")
VOLUMES = re.compile(r"^/c\d+/v\d+$")
ALARM = re.compile("replacement required|pack missing|about to fail|capacity low|no space", re.IGNORECASE)


def parse_json(raw: bytes) -> Raid:
    """Raises ValueError for what is no JSON of storcli."""
    report = object_of(raw)
    if (
        not isinstance(report.get("Controllers"), list)
        or at(report, "Controllers", 0, "Command Status") is None
    ):
        raise ValueError("no list of Controllers with a Command Status")
    controllers: list[Controller] = []
    volumes: list[Volume] = []
    drives: list[Drive] = []
    for one in objects(report["Controllers"]):
        number = whole(at(one, "Command Status", "Controller"))
        told = at(one, "Response Data")
        name = f"c{number if number is not None else len(controllers)}"
        if isinstance(told, dict):
            controllers += _controllers(told, name)
            volumes += _volumes(told, name)
            drives += _drives(told, name)
    return Raid(controllers=tuple(controllers), volumes=tuple(volumes), drives=tuple(drives))


def _controllers(told: dict[str, JSON], name: str) -> Iterator[Controller]:
    for row in objects(told.get("System Overview")):
        yield Controller(
            name=f"c{whole(row.get('Ctl')) or 0}",
            model=said(row.get("Model")),
            state=HEALTH.get(said(row.get("Hlth")), "Needs Attention"),
            battery=said(row.get("BBU")).replace("N/A", "").replace("Msng", ""),
        )
    status = told.get("Status")
    battery = _battery(told)
    if isinstance(status, dict):
        lost = whole(status.get("Memory Uncorrectable Errors")) or 0
        yield Controller(
            name=name,
            model=said(at(told, "Basics", "Model")),
            state=said(status.get("Controller Status")),
            battery=battery,
            doubts=(f"{lost} uncorrectable errors of its memory",) if lost else (),
        )
    elif battery:
        yield Controller(name=name, battery=battery, doubts=_alarms(told))


def _battery(told: dict[str, JSON]) -> str:
    for key in ("BBU_Info", "Cachevault_Info"):
        for row in objects(told.get(key)):
            if said(row.get("State")):
                return said(row["State"])
            if said(row.get("Property")) in ("Battery State", "State"):
                return said(row.get("Value"))
    return ""


def _alarms(told: dict[str, JSON]) -> tuple[str, ...]:
    rows = objects(told.get("BBU_Firmware_Status"))
    return tuple(
        said(row.get("Property"))
        for row in rows
        if said(row.get("Value")).lower() == "yes" and ALARM.search(said(row.get("Property")))
    )


def _volumes(told: dict[str, JSON], name: str) -> Iterator[Volume]:
    rows = list(objects(told.get("VD LIST"))) + list(objects(told.get("Virtual Drives")))
    for key, value in told.items():
        if VOLUMES.match(key):
            rows += objects(value)
    for row in rows:
        place = said(row.get("DG/VD")).partition("/")[2] or str(len(rows))
        yield Volume(name=f"{name}/v{place}", level=said(row.get("TYPE")), state=said(row.get("State")))


def _drives(told: dict[str, JSON], name: str) -> Iterator[Drive]:
    for row in (*objects(told.get("PD LIST")), *objects(told.get("Physical Device Information"))):
        enclosure, _, place = said(row.get("EID:Slt")).partition(":")
        inside = f"/e{enclosure.strip()}" if enclosure.strip() else ""
        yield Drive(
            place=f"{name}{inside}/s{place}", state=said(row.get("State")), model=said(row.get("Model"))
        )
    for key, value in told.items():
        found = TABLE.match(key)
        for row in objects(value) if found else ():
            place = found["place"] if found else ""
            yield _detailed(place, row, at(told, f"{key} - Detailed Information", f"{key} State"))


def _detailed(place: str, row: dict[str, JSON], counts: JSON) -> Drive:
    def count(name: str) -> int:
        return whole(at(counts, name)) or 0

    return Drive(
        place=place.lstrip("/"),
        state=said(row.get("State")),
        model=said(row.get("Model")),
        media_errors=count("Media Error Count"),
        other_errors=count("Other Error Count"),
        predicted=count("Predictive Failure Count"),
        flagged=said(at(counts, "S.M.A.R.T alert flagged by drive")).lower() == "yes",
    )


KINDS = ("storcli", "perccli", "storcli_json", "storcli64", "perccli64")
SOURCES = (
    Source[Raid](kinds=KINDS, parse=parse_json, judge=judge, facts=facts),
    Source[Raid](kinds=KINDS, parse=parse_text, judge=judge, facts=facts),
)
