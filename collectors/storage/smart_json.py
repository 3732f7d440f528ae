"""Reads what ``smartctl --json`` prints (smartmontools 7.0 and newer; smartctl(8))."""

from __future__ import annotations

from collections.abc import Iterator

from collectors.host import JSON
from collectors.parsing import at, object_of, objects, real, said, whole
from collectors.storage.self_tests import SelfTest, old, standing
from collectors.storage.smart_facts import Attribute, Nvme, Smart

ENDURANCE = "Percentage Used Endurance Indicator"
NVME_LOG = "nvme_smart_health_information_log"
ABORTED = frozenset([1, 2, 15])
"""Outcomes of a self test that say nothing of the disk: by the host, by a reset, still running."""
NVME_ABORTED = frozenset([1, 2, 3, 4, 8, 9, 15])


def parse_json(raw: bytes) -> Smart:
    """Raises ValueError for what smartctl did not print about one disk."""
    report = object_of(raw)
    if not any(key in report for key in ("smartctl", "device", "smart_status", "model_name", NVME_LOG)):
        raise ValueError("a JSON object without any key of smartctl")
    if "devices" in report and "device" not in report:
        raise ValueError("a list of devices, not a report about one")
    return Smart(
        device=_device(report),
        model=_model(report),
        serial=said(report.get("serial_number")),
        passed=_flag(at(report, "smart_status", "passed")),
        temperature=_temperature(report),
        hottest=_hottest(report),
        power_on_hours=whole(at(report, "power_on_time", "hours")),
        rotating=_rotating(report.get("rotation_rate")),
        attributes=tuple(_attributes(report)),
        nvme=_nvme(report),
        grown_defects=whole(report.get("scsi_grown_defect_list")),
        uncorrected=_uncorrected(report),
        pending=whole(at(report, "scsi_pending_defects", "count")),
        endurance_used=_endurance(report),
        logged_errors=_first(
            report,
            ("ata_smart_error_log", "extended", "count"),
            ("ata_smart_error_log", "summary", "count"),
        ),
        self_test=standing(_self_tests(report)),
        complaint=_complaint(report),
    )


def _device(report: dict[str, JSON]) -> str:
    """Disks behind a RAID card share a name; ``sat+megaraid,8`` tells them apart."""
    name = said(at(report, "device", "name")) or said(at(report, "device", "info_name")).partition(" ")[0]
    place = said(at(report, "device", "type")).rpartition("+")[2]
    return f"{name} [{place}]" if "," in place else name


def _model(report: dict[str, JSON]) -> str:
    for key in ("model_name", "scsi_model_name", "product", "scsi_product"):
        # The inside is kept as it is: vendors pad with two spaces.
        if name := said(report.get(key)):
            return name
    return ""


def _flag(value: JSON) -> bool | None:
    return value if isinstance(value, bool) else None


def _first(report: dict[str, JSON], *paths: tuple[str, ...]) -> int | None:
    for path in paths:
        value = whole(at(report, *path))
        if value is not None:
            return value
    return None


def _rotating(rate: JSON) -> bool | None:
    number = whole(rate)
    return None if number is None else number > 0


def _temperature(report: dict[str, JSON]) -> float | None:
    value = real(at(report, "temperature", "current"))
    return value if value is not None else real(at(report, NVME_LOG, "temperature"))


def _hottest(report: dict[str, JSON]) -> float | None:
    for path in (
        ("temperature", "drive_trip"),
        ("temperature", "limit_max"),
        ("nvme_composite_temperature_threshold", "critical"),
        ("temperature", "op_limit_max"),
    ):
        value = real(at(report, *path))
        if value is not None and value >= 40:  # some disks say 0, or a limit they run above all year
            return value
    return None


def _attributes(report: dict[str, JSON]) -> list[Attribute]:
    return [
        Attribute(
            id=whole(row.get("id")) or 0,
            name=said(row.get("name"), 64) or f"attribute_{row.get('id')}"[:64],
            value=whole(row.get("value")),
            threshold=whole(row.get("thresh")) or 0,
            raw=_raw(row),
            failed=said(row.get("when_failed"), 16),
            prefailure=at(row, "flags", "prefailure") is True,
        )
        for row in objects(at(report, "ata_smart_attributes", "table"))
    ][:64]


def _raw(row: dict[str, JSON]) -> int:
    """``string`` is as smartctl shows it, so ``33 (Min/Max 18/46)`` counts 33."""
    value = at(row, "raw", "value")
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 32:
        return value
    shown = whole(said(at(row, "raw", "string")))
    return shown if shown is not None and shown >= 0 else 0


def _nvme(report: dict[str, JSON]) -> Nvme | None:
    log = report.get(NVME_LOG)
    if not isinstance(log, dict):
        return None
    return Nvme(**{name: whole(log.get(name)) for name in Nvme.__struct_fields__})


def _endurance(report: dict[str, JSON]) -> int | None:
    """Before smartctl 7.4 an ATA disk tells it among its device statistics alone."""
    told = _first(
        report, ("endurance_used", "current_percent"), ("scsi_percentage_used_endurance_indicator",)
    )
    for page in objects(at(report, "ata_device_statistics", "pages")):
        for row in objects(page.get("table")):
            if told is None and row.get("name") == ENDURANCE and at(row, "flags", "valid") is not False:
                told = whole(row.get("value"))
    return told


def _uncorrected(report: dict[str, JSON]) -> int | None:
    log = report.get("scsi_error_counter_log")
    if not isinstance(log, dict):
        return None
    return sum(whole(at(log, way, "total_uncorrected_errors")) or 0 for way in ("read", "write", "verify"))


def _self_tests(report: dict[str, JSON]) -> Iterator[SelfTest]:
    """The finished ones, newest first, of the log of whichever interface the disk has."""
    hours = whole(at(report, "power_on_time", "hours"))
    for log in ("extended", "standard"):
        for row in objects(at(report, "ata_smart_self_test_log", log, "table")):
            outcome = (whole(at(row, "status", "value")) or 0) >> 4
            if outcome not in ABORTED and not (outcome and old(hours, whole(row.get("lifetime_hours")))):
                yield _self_test(at(row, "type"), at(row, "status"), failed=outcome > 0)
    for row in objects(at(report, "nvme_self_test_log", "table")):
        outcome = whole(at(row, "self_test_result", "value")) or 0
        if outcome not in NVME_ABORTED and not (outcome and old(hours, whole(row.get("power_on_hours")))):
            yield _self_test(row.get("self_test_code"), row.get("self_test_result"), failed=outcome > 0)
    for number in range(20):
        told = report.get(f"scsi_self_test_{number}")
        outcome = whole(at(told, "result", "value")) or 0
        if told is not None and outcome not in ABORTED:
            yield _self_test(at(told, "code"), at(told, "result"), failed=outcome >= 3)


def _self_test(kind: JSON, outcome: JSON, *, failed: bool) -> SelfTest:
    failure = said(at(outcome, "string")) or "failed" if failed else ""
    return SelfTest(kind=said(at(kind, "string"), 64), failure=failure)


def _complaint(report: dict[str, JSON]) -> str:
    """Only where the device could not be opened or did not answer; warnings about logs are no matter."""
    status = whole(at(report, "smartctl", "exit_status")) or 0
    if not status & 0b11:
        return ""
    texts = [said(one.get("string")) for one in objects(at(report, "smartctl", "messages"))]
    return next((text for text in texts if text), f"exit status {status}")
