"""What do the sensors of the management controller read? Values: hottest °C; how many are in trouble."""

from __future__ import annotations

import re
from collections.abc import Iterable

from collectors.asking import answered
from collectors.hardware.bmc_facts import (
    FAN,
    HEALTH,
    POWER,
    SIGNALS,
    TEMPERATURE,
    Grade,
    Sensor,
    facts,
    judge,
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
    if not any(host.exists(device) for device in DEVICES):
        return
    done = host.run(["ipmitool", "sdr", "elist", "all"], timeout=50.0)
    subject = entity.chassis(host.name)
    yield from answered(done, parse, judge, host, otherwise=(HEALTH, subject), tool="ipmitool")


def parse(raw: bytes) -> list[Sensor]:
    """``ipmitool sdr``, ``sdr elist``, ``sensor``, ``ipmi-sensors``. Raises ValueError for other text."""
    found = [one for line in lines_of(raw) if (one := _sensor(line)) is not None]
    if not found:
        raise ValueError("no line of a sensor with | between its fields")
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
        signal=_kind(name, unit, ""),
        grade=grade,
        reading=number,
        unit=_unit(unit),
        note=words[:256],
    )


def _row_of_sensor(fields: list[str]) -> Sensor | None:
    """``CPU Temp | 40.000 | degrees C | ok | lnr | lcr | lnc | unc | ucr | unr``."""
    name, reading, unit, state = fields[:4]
    if unit == "discrete":
        note = _discrete(name, state)
        return Sensor(
            name=name[:64],
            signal=_kind(name, "", ""),
            grade=Grade.FINE if reading != "na" else Grade.SILENT,
            note=note,
        )
    if state.lower() not in GRADES:
        return None
    number = real(reading) if reading != "na" else None
    grade = Grade.SILENT if number is None else GRADES[state.lower()]
    return Sensor(name=name[:64], signal=_kind(name, unit, ""), grade=grade, reading=number, unit=_unit(unit))


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
        grade = _by_event(event)
    if number is None and event.upper() in ("N/A", ""):
        grade = Grade.SILENT
    note = "" if event.upper() in ("OK", "N/A") else event
    return Sensor(
        name=name[:64],
        signal=_kind(name, unit, kind),
        grade=grade,
        reading=number,
        unit=_unit(unit),
        note=note[:256],
    )


def _by_event(event: str) -> Grade:
    text = event.lower()
    if "non-critical" in text:
        return Grade.NOTICE
    return Grade.GRAVE if "critical" in text or "non-recoverable" in text else Grade.FINE


def _unit(unit: str) -> str:
    return {"degrees C": "°C", "C": "°C"}.get(unit, unit)


def _kind(name: str, unit: str, kind: str) -> str:
    text = f"{kind} {name}".lower()
    if unit in ("degrees C", "C") or kind == "Temperature":
        return TEMPERATURE
    if unit == "RPM" or kind == "Fan" or "fan" in text:
        return FAN
    if unit in ("Volts", "V", "Watts", "W", "Amps", "A") or re.search(
        r"\bps\d?\b|psu|power supply|pwr|power unit|\bvrm?\b", text
    ):
        return POWER
    return HEALTH


SOURCE = Source(
    kinds=("ipmitool_sdr", "ipmi_sdr", "sdr", "ipmitool_sensor", "ipmi_sensors", "ipmi"),
    parse=parse,
    judge=judge,
    facts=facts,
)
