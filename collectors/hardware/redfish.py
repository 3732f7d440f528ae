"""Reads resources of a Redfish service: Thermal, Power, Systems, Chassis, Storage, Drives and others."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from collectors.hardware.bmc_facts import FAN, HEALTH, POWER, TEMPERATURE, Grade, Sensor
from collectors.hardware.bmc_facts import judge as judge_sensors
from collectors.host import JSON, Host
from collectors.judging import judged
from collectors.parsing import at, object_of, objects, real, said
from collectors.source import Source
from wire import entity
from wire.judgement import Judgement, Reason

DISK = "raid.disk"
DEEPEST, MOST = 12, 2000
GRADES = {"ok": Grade.FINE, "warning": Grade.NOTICE, "critical": Grade.GRAVE}
ABSENT = frozenset(["Absent", "Disabled", "UnavailableOffline", "StandbyOffline", "Deferring"])
KINDS = {
    "Fans": FAN, "Fan": FAN, "Temperatures": TEMPERATURE, "PowerSupplies": POWER, "PowerSupply": POWER,
    "Voltages": POWER, "PowerControl": POWER, "PowerSubsystem": POWER, "Power": POWER,
    "Thermal": TEMPERATURE, "ThermalSubsystem": TEMPERATURE, "TemperatureReadingsCelsius": TEMPERATURE,
    "Redundancy": "",
}  # fmt: skip
"""The list it stands in, or the type of the resource → what it is about."""
MEASURED = frozenset(["Temperatures", "TemperatureReadingsCelsius"])
"""What is told with its reading alone too."""
READINGS = ("ReadingCelsius", "Reading", "CurrentReading")
"""The last by services before Redfish 1.0."""
TYPE = re.compile(r"^#(\w+)\.")
WORN = 5.0
"""Percent of a solid disk's life that is left."""


class Drive(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    model: str
    grade: Grade
    failing: bool
    life_left: float | None


class Resource(msgspec.Struct, frozen=True):
    type: str
    sensors: list[Sensor]
    drives: list[Drive]
    health: dict[str, str]
    """Where → OK, Warning or Critical, as it is called there."""
    complaint: str = ""
    """Why the service did not give the resource."""


def parse(raw: bytes) -> Resource:
    """Raises ValueError for what is no resource of Redfish."""
    tree = object_of(raw)
    if said(at(tree, "error", "code")):
        return Resource("", [], [], {}, _complaint(tree))
    if not any(key.startswith("@odata.") for key in tree) and "Status" not in tree and "Members" not in tree:
        raise ValueError("neither @odata nor Status: no resource of Redfish")
    found = Resource(_type(tree) or "", [], [], {})
    for path, kind, node in _nodes(tree, _type(tree) or "Resource", "", 0):
        if len(found.health) < MOST:
            _take(path, kind, node, found)
    return found


def _complaint(tree: dict[str, JSON]) -> str:
    """The message of an error is often the general one; what was wrong is told beside it."""
    extended = objects(at(tree, "error", "@Message.ExtendedInfo"))
    told = next((text for one in extended if (text := said(one.get("Message")))), "")
    return told or said(at(tree, "error", "message")) or said(at(tree, "error", "code"))


def _type(node: dict[str, JSON]) -> str:
    match = TYPE.match(said(node.get("@odata.type")))
    return match[1] if match else ""


def _nodes(node: JSON, kind: str, path: str, depth: int) -> Iterator[tuple[str, str, dict[str, JSON]]]:
    """Every object in the resource, with the kind of thing it is."""
    if depth > DEEPEST:
        return
    if isinstance(node, dict):
        yield path, _type(node) or kind, node
        for key, value in node.items():
            if isinstance(value, dict | list) and key not in ("Links", "Actions", "Oem", "Status"):
                yield from _nodes(value, key, f"{path}/{key}" if path else key, depth + 1)
    elif isinstance(node, list):
        for number, one in enumerate(node[:MOST]):
            if isinstance(one, dict):
                yield from _nodes(one, kind, f"{path}/{number}", depth + 1)


def _take(path: str, kind: str, node: dict[str, JSON], found: Resource) -> None:
    status = node.get("Status")
    health = said(at(status, "Health")) or said(at(status, "HealthRollup"))
    rollup = said(at(status, "HealthRollup")) or said(at(status, "HealthRollUp"))
    if rollup and GRADES.get(rollup.lower(), Grade.FINE) is not Grade.FINE:
        health = rollup
    state = said(at(status, "State"))
    name = _name(path, kind, node)
    if health:
        found.health[path or kind] = health
    if state in ABSENT:
        return
    grade = GRADES.get(health.lower(), Grade.FINE)
    if kind in ("Drive", "Drives") and ("Status" in node or "FailurePredicted" in node):
        found.drives.append(
            Drive(
                name=name,
                model=said(node.get("Model")),
                grade=grade,
                failing=node.get("FailurePredicted") is True,
                life_left=real(node.get("PredictedMediaLifeLeftPercent")),
            )
        )
    elif health or kind in MEASURED:
        found.sensors.append(_sensor(name, kind, node, grade, state))


def _name(path: str, kind: str, node: dict[str, JSON]) -> str:
    for key in ("Name", "FanName", "DeviceName", "MemberId", "Id"):
        if text := said(node.get(key), 64):
            return text
    return (path or kind)[:64]


def _sensor(name: str, kind: str, node: dict[str, JSON], grade: Grade, state: str) -> Sensor:
    signal = KINDS.get(kind) or HEALTH
    reading = next((value for key in READINGS if (value := real(node.get(key))) is not None), None)
    critical = real(node.get("UpperThresholdCritical"))
    if signal == TEMPERATURE and reading is not None and critical and reading >= critical > 0:
        grade = Grade.GRAVE
    note = said(node.get("LineInputStatus")) if signal == POWER else ""
    lost = note.lower() in ("lossofinput", "outofrange")
    return Sensor(
        name=name,
        signal=signal,
        grade=grade,
        reading=reading,
        unit="°C" if signal == TEMPERATURE else said(node.get("ReadingUnits") or node.get("Units"), 16),
        note="input lost" if lost else state if grade is not Grade.FINE else "",
    )


def judge(found: Resource, host: Host) -> Iterator[Judgement]:
    yield from judge_sensors(found.sensors, host)
    for one in found.drives:
        worn = one.life_left is not None and one.life_left <= WORN
        reason = (
            Reason.ERRORS
            if one.failing or one.grade is Grade.GRAVE
            else Reason.HIGH
            if one.grade is Grade.NOTICE or worn
            else Reason.OK
        )
        left = {} if one.life_left is None else {"life_left_percent": one.life_left}
        subject = entity.disk(host.name, one.name.replace(" ", "_"))
        yield judged(
            DISK, subject, reason, float(one.failing), model=one.model, state=one.grade.value, **left
        )


def facts(found: Resource) -> dict[str, JSON]:
    return {
        "type": found.type,
        "health": found.health,
        "readings": {one.name: one.reading for one in found.sensors if one.reading is not None},
        "drives": {one.name: one.grade.value for one in found.drives},
        **({"complaint": found.complaint} if found.complaint else {}),
    }


SOURCE = Source(kinds=("redfish", "redfish_json"), parse=parse, judge=judge, facts=facts)
