"""Reads what ``smartctl -a`` and ``-x`` print for people, of every version (smartctl(8))."""

from __future__ import annotations

import re
from collections.abc import Iterator

from collectors.parsing import lines_of, real, whole
from collectors.storage.self_tests import SelfTest, standing
from collectors.storage.smart_facts import Attribute, Nvme, Smart

ROW = re.compile(
    r"^\s*(?P<id>\d{1,3}) (?P<name>[\w./+-]{1,48})\s+(?P<flags>0x[0-9a-fA-F]{4}|[POSRCK-]{6}\+?)\s+"
    r"(?P<value>\d{3}|---)\s+(?P<worst>\d{3}|---)\s+(?P<threshold>\d{3}|---)\s+(?P<rest>\S.*)$"
)
NAMED = re.compile(r"^(?P<name>[A-Z#][^:]{1,60}?)\s*:\s+(?P<value>\S.*)$")
TEST = re.compile(r"^#\s*\d+\s+(?P<kind>\S.*?)\s{2,}(?P<status>\S.*?)\s{2,}")
COUNTERS = re.compile(r"^(?:read|write|verify):\s+(?P<fields>[\d.,\s]+)$")
ENDURANCE = re.compile(r"^0x07\s+0x008\s+\d\s+(\d{1,3})\s.*Percentage Used Endurance Indicator")
AGE = re.compile(r"^\s*(?:Accumulated power on time, hours:minutes|number of hours powered up =)\s+(\d{1,9})")
MARKS = ("smartctl", "SMART", "Device Model:", "ID# ATTRIBUTE_NAME", "Elements in grown defect list")
NVME = {
    "Critical Warning": "critical_warning",
    "Available Spare": "available_spare",
    "Available Spare Threshold": "available_spare_threshold",
    "Percentage Used": "percentage_used",
    "Media and Data Integrity Errors": "media_errors",
    "Error Information Log Entries": "num_err_log_entries",
    "Critical Comp. Temperature Time": "critical_comp_time",
    "Warning  Comp. Temperature Time": "warning_temp_time",
    "Unsafe Shutdowns": "unsafe_shutdowns",
}
MODEL = ("Device Model", "Model Number", "Device")
DEVICE = re.compile(r"(/dev/[\w/.-]{1,64})(?: \[([\w,]{1,40})\])?")


def parse_text(raw: bytes) -> Smart:
    """Raises ValueError for what smartctl did not print about a disk."""
    lines = lines_of(raw)
    named: dict[str, str] = {}
    for line in lines:
        if (found := NAMED.match(line)) and not ROW.match(line):
            named.setdefault(found["name"].strip(), found["value"].strip())
    attributes = tuple(one for line in lines if (one := _row(line)) is not None)
    nvme = {field: _whole(named[name]) for name, field in NVME.items() if name in named}
    if not attributes and not any(mark in line for line in lines for mark in MARKS):
        raise ValueError("no line of smartctl")
    return Smart(
        device=_device(lines),
        model=_model(named),
        serial=named.get("Serial Number", named.get("Serial number", "")),
        passed=_passed(named),
        temperature=_temperature(named, attributes),
        hottest=_hottest(named),
        power_on_hours=_hours(named, attributes, lines),
        rotating=_rotating(named.get("Rotation Rate", "")),
        attributes=attributes,
        nvme=Nvme(**nvme) if nvme else None,
        grown_defects=_whole(named.get("Elements in grown defect list", "")),
        uncorrected=_uncorrected(lines),
        endurance_used=_endurance(named, lines),
        logged_errors=_whole(named.get("ATA Error Count", named.get("Device Error Count", ""))),
        self_test=standing(_self_tests(lines)),
        complaint=next((line.strip() for line in lines if "Smartctl open device" in line), "")[:256],
    )


def _model(named: dict[str, str]) -> str:
    """SCSI disks tell who made them apart; the JSON joins both so."""
    if "Product" in named:
        return f"{named.get('Vendor', '')} {named['Product']}".strip()
    return next((named[key] for key in MODEL if key in named), "")


def _row(line: str) -> Attribute | None:
    found = ROW.match(line)
    if found is None:
        return None
    long = found["flags"].startswith("0x")
    rest = found["rest"].split(None, 3) if long else found["rest"].split(None, 1)
    if len(rest) < (4 if long else 2):
        return None
    failed, shown = (rest[2], rest[3]) if long else (rest[0], rest[1])
    return Attribute(
        id=int(found["id"]),
        name=found["name"],
        value=_whole(found["value"]),
        threshold=_whole(found["threshold"]) or 0,
        raw=max(0, whole(shown) or 0),
        failed={"FAILING_NOW": "now", "NOW": "now", "In_the_past": "past", "Past": "past"}.get(failed, ""),
        prefailure=rest[0] == "Pre-fail" if long else found["flags"].startswith("P"),
    )


def _whole(text: str) -> int | None:
    return int(text, 16) if re.fullmatch(r"0x[0-9a-fA-F]{1,8}", text) else whole(text)


def _device(lines: list[str]) -> str:
    for line in lines[:40]:
        if line.startswith(("=== START", "smartctl -", "Smartctl open device", "# smartctl", "/dev/")) and (
            found := DEVICE.search(line)
        ):
            return f"{found[1]} [{found[2]}]" if found[2] else found[1]
    return ""


def _passed(named: dict[str, str]) -> bool | None:
    verdict = named.get("SMART overall-health self-assessment test result") or named.get(
        "SMART Health Status"
    )
    if not verdict:
        return None
    return verdict.upper().startswith(("PASSED", "OK"))


def _temperature(named: dict[str, str], attributes: tuple[Attribute, ...]) -> float | None:
    for key in ("Current Drive Temperature", "Temperature"):
        if key in named:
            return real(named[key])
    for number in (194, 190):
        for one in attributes:
            if one.id == number and 0 < one.raw < 150:
                return float(one.raw)
    return None


def _hottest(named: dict[str, str]) -> float | None:
    value = real(named.get("Drive Trip Temperature") or named.get("Critical Comp. Temp. Threshold") or "")
    return value if value is not None and value >= 40 else None


def _hours(named: dict[str, str], attributes: tuple[Attribute, ...], lines: list[str]) -> int | None:
    """Some vendors pack minutes above the hours; the low 24 bits hold any age."""
    if "Power On Hours" in named:
        return whole(named["Power On Hours"])
    age = next((match for line in lines if (match := AGE.match(line)) is not None), None)
    if age is not None:
        return int(age[1])
    found = next((one for one in attributes if one.id == 9), None)
    return None if found is None else found.raw & 0xFFFFFF


def _rotating(text: str) -> bool | None:
    if "Solid State" in text:
        return False
    return True if "rpm" in text else None


def _endurance(named: dict[str, str], lines: list[str]) -> int | None:
    """SCSI disks name it; ATA disks have a row for it among their device statistics."""
    found = next((match for line in lines if (match := ENDURANCE.match(line))), None)
    return int(found[1]) if found else _whole(named.get("Percentage used endurance indicator", ""))


def _uncorrected(lines: list[str]) -> int | None:
    """The last column of the error counter log of a SCSI disk."""
    totals = [
        int(float(fields[-1]))
        for line in lines
        if (found := COUNTERS.match(line.strip()))
        and len(fields := found["fields"].split()) >= 6
        and len(fields[-1]) < 16
        and fields[-1].replace(".", "", 1).isdigit()
    ]
    return sum(totals) if totals else None


def _self_tests(lines: list[str]) -> Iterator[SelfTest]:
    """The finished ones; the log stands newest first."""
    for line in lines:
        found = TEST.match(line)
        status = found["status"].lower() if found else ""
        unfinished = any(word in status for word in ("aborted", "interrupted", "in progress", "self test in"))
        if found is None or unfinished:
            continue
        clean = status.startswith("completed") and ("without error" in status or status == "completed")
        passed = clean or status == "-"
        yield SelfTest(kind=found["kind"], failure="" if passed else found["status"][:128])
