"""What do the sensors of the management controller read? Values: hottest °C; how many are in trouble."""

from __future__ import annotations

import re
from collections.abc import Iterable

from collectors.asking import answered
from collectors.hardware.bmc_blocks import sensors_of
from collectors.hardware.bmc_facts import (
    HEALTH,
    SIGNALS,
    Grade,
    Sensor,
    asked_by_network,
    facts,
    grade_of,
    judge,
    kind_of,
    unit_of,
)
from collectors.hardware.bmc_sel import DEVICES
from collectors.host import Host
from collectors.parsing import lines_of, real
from collectors.source import Source
from collectors.unit import Collector
from wire import entity
from wire.judgement import Judgement, Layer

COLLECTOR = Collector(
    signals=SIGNALS,
    layer=Layer.HARDWARE,
    interval=120.0,
    timeout=60.0,
    risky=True,
    where=DEVICES,
)
GRADES = {
    "ok": Grade.FINE, "nominal": Grade.FINE, "lnc": Grade.NOTICE, "unc": Grade.NOTICE, "nc": Grade.NOTICE,
    "warning": Grade.NOTICE, "cr": Grade.GRAVE, "lcr": Grade.GRAVE, "ucr": Grade.GRAVE,
    "critical": Grade.GRAVE,
    "nr": Grade.GRAVE, "lnr": Grade.GRAVE, "unr": Grade.GRAVE, "ns": Grade.SILENT, "na": Grade.SILENT,
    "n/a": Grade.SILENT, "dis": Grade.SILENT, "us": Grade.SILENT, "disabled": Grade.SILENT,
}  # fmt: skip
"""Words of ipmitool (sdr, sensor) and FreeIPMI."""
NOTHING = re.compile(r"no reading|disabled|not readable|not available|unknown|^na$|^n/a$|^$", re.IGNORECASE)
READING = re.compile(
    r"^(?P<number>-?\d[\d.]*)\s+(?P<unit>degrees C|RPM|Volts|Watts|Amps|percent|[%A-Za-z][\w %/.]{0,16})$"
)
BITS = {"0x02": "Failure detected", "0x04": "Predictive failure", "0x08": "Power Supply AC lost"}
"""Second byte of a discrete state of a power supply (IPMI 2.0, table 42-3)."""


def read(host: Host) -> Iterable[Judgement]:
    """``ipmitool sdr elist``, where the machine has such a controller."""
    if asked_by_network(host) or not any(host.exists(device) for device in DEVICES):
        return
    done = host.run(["ipmitool", "sdr", "elist", "all"], timeout=50.0)
    subject = entity.chassis(host.name)
    yield from answered(done, parse, judge, host, otherwise=(HEALTH, subject), tool="ipmitool")


def parse(raw: bytes) -> list[Sensor]:
    """``ipmitool sdr`` with or without -v, ``sensor``, ``ipmi-sensors``. Raises ValueError for other text."""
    lines = lines_of(raw)
    found = [one for line in lines if (one := _sensor(line)) is not None] or list(sensors_of(lines))
    if not found:
        raise ValueError("neither a line of a sensor with | between its fields nor a Sensor ID")
    return found


def _sensor(line: str) -> Sensor | None:
    fields = [field.strip() for field in line.split("|")]
    if len(fields) >= 9:
        return _row_of_sensor(fields)
    if len(fields) >= 6 and fields[0].isdigit():
        return _row_of_freeipmi(fields)
    if len(fields) == 5:  # elist: name | number | state | entity | reading
        return _made(fields[0], fields[2], fields[4])
    if len(fields) == 3:  # list: name | reading | state
        return _made(fields[0], fields[2], fields[1])
    return None


def _made(name: str, state: str, reading: str) -> Sensor | None:
    grade = GRADES.get(state.lower())
    if not name or grade is None:
        return None
    found = READING.match(reading)
    number = real(found["number"]) if found else None
    unit = found["unit"] if found else ""
    words = "" if found or NOTHING.search(reading) or reading.startswith("0x") else reading
    if NOTHING.search(reading) and not found:
        grade = Grade.SILENT
    return Sensor(
        name=name[:64],
        signal=kind_of(name, unit, ""),
        grade=grade,
        reading=number,
        unit=unit_of(unit),
        note=words[:256],
    )


def _row_of_sensor(fields: list[str]) -> Sensor | None:
    """``CPU Temp | 40.000 | degrees C | ok | lnr | lcr | lnc | unc | ucr | unr``."""
    name, reading, unit, state = fields[:4]
    if unit == "discrete":
        note = _discrete(name, state)
        return Sensor(
            name=name[:64],
            signal=kind_of(name, "", ""),
            grade=Grade.FINE if reading != "na" else Grade.SILENT,
            note=note,
        )
    if state.lower() not in GRADES:
        return None
    number = real(reading) if reading != "na" else None
    grade = Grade.SILENT if number is None else GRADES[state.lower()]
    if grade is Grade.FINE and number is not None and _beyond(number, fields[4:10]):
        grade = Grade.GRAVE
    return Sensor(
        name=name[:64], signal=kind_of(name, unit, ""), grade=grade, reading=number, unit=unit_of(unit)
    )


def _beyond(reading: float, limits: list[str]) -> bool:
    """Past its own critical limit, which some controllers call ``ok``. Limits out of order are no limits."""
    numbers = [real(limit) for limit in limits]
    told = [number for number in numbers if number is not None]
    if len(limits) < 6 or told != sorted(set(told)):
        return False
    low, high = numbers[1], numbers[4]
    return (low is not None and reading < low) or (high is not None and reading > high)


def _discrete(name: str, state: str) -> str:
    """``0x0900``: the byte that tells comes first, the upper byte says nothing."""
    if not re.search(r"\bps|psu|power supply|pwr", name, re.IGNORECASE) or not re.fullmatch(
        r"0x[0-9a-f]{4}", state
    ):
        return ""
    bits = int(state[2:4], 16)
    return "; ".join(text for bit, text in BITS.items() if bits & int(bit, 16))


def _row_of_freeipmi(fields: list[str]) -> Sensor | None:
    """``1 | FAN1 | Fan | [Nominal |] 4200.00 | RPM | 'OK'``."""
    name, kind, rest = fields[1], fields[2], fields[3:]
    state = rest.pop(0) if rest[0].lower() in GRADES and len(rest) >= 4 else ""
    if len(rest) < 3:
        return None
    reading, unit, event = rest[0], rest[1], rest[2].strip("'")
    number = real(reading) if reading.upper() != "N/A" else None
    grade = GRADES.get(state.lower()) if state else None
    if grade is None:
        grade = grade_of(event)
    if number is None and event.upper() in ("N/A", ""):
        grade = Grade.SILENT
    note = "" if event.upper() in ("OK", "N/A") else event
    return Sensor(
        name=name[:64],
        signal=kind_of(name, unit, kind),
        grade=grade,
        reading=number,
        unit=unit_of(unit),
        note=note[:256],
    )


SOURCE = Source(
    kinds=("ipmitool_sdr", "ipmi_sdr", "sdr", "ipmitool_sensor", "ipmi_sensors", "ipmi"),
    parse=parse,
    judge=judge,
    facts=facts,
)
