"""Reads sensors that ipmitool tells one in a block: ``sdr -v``, ``sdr get``, ``sensor get``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from collectors.hardware.bmc_facts import Grade, Sensor, grade_of, kind_of, unit_of
from collectors.parsing import real

BEGIN: Final = re.compile(r"^\s*Sensor ID\s*:\s*(?P<name>\S.*?)\s*(?:\(0x[0-9a-f]+\))?\s*$", re.IGNORECASE)
FIELD: Final = re.compile(r"^\s*(?P<name>[A-Z][\w ()/-]*?)\s*:(?:\s+(?P<value>.*))?$")
STATE: Final = re.compile(r"^\s*\[(?P<state>[^\]]+)\]\s*$")
READING: Final = re.compile(r"^(?P<number>-?\d[\d.]*)\s+(?:\(\+/-[^)]*\)\s+)?(?P<unit>[A-Za-z%][\w %/]*)$")
NO_READING: Final = ("no reading", "disabled", "not available", "not present", "unknown")


def sensors_of(lines: list[str]) -> Iterator[Sensor]:
    name, told, asserted, field = "", dict[str, str](), list[str](), ""
    for line in lines:
        if found := BEGIN.match(line):
            if name:
                yield _sensor(name, told, asserted)
            name, told, asserted, field = found["name"], {}, [], ""
        elif found := FIELD.match(line):
            field = found["name"].partition("(")[0].strip().lower()
            told.setdefault(field, (found["value"] or "").strip())
        elif field == "states asserted" and (found := STATE.match(line)):
            asserted.append(found["state"])
    if name:
        yield _sensor(name, told, asserted)


def _sensor(name: str, told: dict[str, str], asserted: list[str]) -> Sensor:
    """``told``: field → value, in lower case and without what stands in brackets."""
    found = READING.match(told.get("sensor reading", ""))
    unit = found["unit"] if found else ""
    words = f"{told.get('sensor reading', '')} {told.get('status', '')}".lower()
    silent = any(word in words for word in NO_READING)
    return Sensor(
        name=name[:64],
        signal=kind_of(name, unit, told.get("sensor type", "")),
        grade=Grade.SILENT if silent else grade_of(told.get("status", "")),
        reading=real(found["number"]) if found else None,
        unit=unit_of(unit),
        note="; ".join(asserted)[:256],
    )
