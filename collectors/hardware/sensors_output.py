"""Reads what lm-sensors prints, for people and as JSON (``sensors -j``), into what /sys/class/hwmon holds."""

from __future__ import annotations

import re

from collectors.hardware.hwmon import PARTS, Sensor, Sensors, judge
from collectors.host import JSON
from collectors.parsing import lines_of, object_of, real
from collectors.source import Source

CHIP = re.compile(r"^(?P<chip>[\w]{2,40}(?:-[\w]+){1,3})$")
LINE = re.compile(
    r"^(?P<label>[^:]{1,40}):\s+(?P<value>[+-]?\d+(?:\.\d+)?)\s*(?P<unit>°?C|RPM|V|mV|W|A|\S{0,3}C)(?P<rest>.*)$"
)
LIMIT = re.compile(r"(?P<name>high|low|crit|crit low|min|max|emerg|hyst)\s*=\s*(?P<value>[+-]?\d+(?:\.\d+)?)")
NAMES = {"high": "max", "max": "max", "min": "min", "low": "min", "crit": "crit", "emerg": "emergency"}
THOUSANDTHS = ("temp", "in", "curr")
"""In which /sys counts what the tool prints whole."""
MOST = 1024


def parse_json(raw: bytes) -> Sensors:
    """Raises ValueError for other text."""
    sensors: list[Sensor] = []
    for chip, parts in object_of(raw).items():
        for label, values in parts.items() if isinstance(parts, dict) and "Adapter" in parts else ():
            if isinstance(values, dict) and len(sensors) < MOST:
                sensors += _named(chip.partition("-")[0][:64], label, values)
    if not sensors:
        raise ValueError("no chip with an Adapter and sensors")
    return Sensors(tuple(sensors), {})


def _named(chip: str, label: str, values: dict[str, JSON]) -> list[Sensor]:
    found: dict[str, dict[str, int]] = {}
    for name, value in values.items():
        match, number = PARTS.fullmatch(name), real(value)
        if match is not None and number is not None:
            whole = match["what"].endswith(("alarm", "fault")) or not match["sensor"].startswith(THOUSANDTHS)
            found.setdefault(match["sensor"], {})[match["what"]] = int(number if whole else number * 1000)
    return [Sensor(chip, sensor, told, label[:64]) for sensor, told in found.items()]


def parse_text(raw: bytes) -> Sensors:
    """Raises ValueError for other text."""
    sensors: list[Sensor] = []
    chip = ""
    for line in lines_of(raw):
        if head := CHIP.match(line.strip()):
            chip = head["chip"].partition("-")[0]
        elif chip and (found := LINE.match(line)) and len(sensors) < MOST:
            sensors.append(_printed(chip, found, len(sensors)))
    if not sensors:
        raise ValueError("no chip with sensors")
    return Sensors(tuple(sensors), {})


def _printed(chip: str, found: re.Match[str], number: int) -> Sensor:
    kind = {"RPM": "fan", "V": "in", "mV": "in", "W": "power", "A": "curr"}.get(found["unit"], "temp")
    scale = 1000.0 if kind in THOUSANDTHS and found["unit"] != "mV" else 1.0
    values = {"input": int(float(found["value"]) * scale)}
    for limit in LIMIT.finditer(found["rest"]):
        if limit["name"] in NAMES:
            values.setdefault(NAMES[limit["name"]], int(float(limit["value"]) * scale))
    if "ALARM" in found["rest"]:
        values["crit_alarm" if "(CRIT)" in found["rest"] else "alarm"] = 1
    return Sensor(chip, f"{kind}{number}", values, found["label"].strip())


def facts(found: Sensors) -> dict[str, JSON]:
    return {f"{one.chip} {one.label or one.name}": dict(one.values) for one in found.sensors}


KINDS = ("sensors", "lm_sensors", "sensors_j")
SOURCES = (
    Source[Sensors](kinds=KINDS, parse=parse_json, judge=judge, facts=facts),
    Source[Sensors](kinds=KINDS, parse=parse_text, judge=judge, facts=facts),
)
