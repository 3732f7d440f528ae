"""Reads ``nvme smart-log``, for people and as JSON of all versions, and ``nvme list`` (nvme-cli)."""

from __future__ import annotations

import re

from collectors.host import JSON
from collectors.parsing import at, lines_of, object_of, objects, real, said, whole
from collectors.source import Source
from collectors.storage.smart_facts import Nvme, Smart, facts_of
from collectors.storage.smart_judge import judge

NAMES = {
    "critical_warning": "critical_warning",
    "avail_spare": "available_spare", "available_spare": "available_spare",
    "spare_thresh": "available_spare_threshold", "available_spare_threshold": "available_spare_threshold",
    "percent_used": "percentage_used", "percentage_used": "percentage_used",
    "media_errors": "media_errors", "num_err_log_entries": "num_err_log_entries",
    "critical_comp_time": "critical_comp_time", "warning_temp_time": "warning_temp_time",
    "unsafe_shutdowns": "unsafe_shutdowns",
}  # fmt: skip
"""Name in the log, with blanks as ``_`` → ours."""
LINE = re.compile(r"^(?P<name>[A-Za-z][\w ()]{2,60}?)\s*:\s*(?P<value>\S.*)$")
HEAD = re.compile(r"NVME device:(?P<device>\S+)", re.IGNORECASE)
ZERO_CELSIUS = 273.15
COLDEST_KELVIN = 200


def parse_json(raw: bytes) -> Smart:
    """Raises ValueError for what is no smart-log."""
    log = object_of(raw)
    if "critical_warning" not in log or not ({"avail_spare", "percent_used", "media_errors"} & log.keys()):
        raise ValueError("no critical_warning: not a smart-log")
    warning = log["critical_warning"]
    values = {ours: whole(log.get(name)) for name, ours in NAMES.items() if name in log}
    if isinstance(warning, dict):
        values["critical_warning"] = whole(warning.get("value"))
    return Smart(
        nvme=Nvme(**values),
        temperature=_celsius(real(log.get("temperature"))),
        power_on_hours=whole(log.get("power_on_hours")),
        device=said(log.get("device")),
    )


def parse_text(raw: bytes) -> Smart:
    """Raises ValueError for what is no smart-log."""
    device = ""
    values: dict[str, str] = {}
    for line in lines_of(raw):
        if found := HEAD.search(line):
            device = f"/dev/{found['device'].removeprefix('/dev/')}"
        elif found := LINE.match(line.strip()):
            values.setdefault(found["name"].strip().lower().replace(" ", "_"), found["value"])
    if "critical_warning" not in values or not ({"available_spare", "percentage_used"} & values.keys()):
        raise ValueError("no critical_warning: not a smart-log")
    told = {ours: _number(values[name]) for name, ours in NAMES.items() if name in values}
    return Smart(
        nvme=Nvme(**told),
        temperature=_celsius(real(values.get("temperature", ""))),
        power_on_hours=whole(values.get("power_on_hours", "")),
        device=device,
    )


def _number(text: str) -> int | None:
    if re.match(r"0x[0-9a-fA-F]{1,4}\b", text):
        return int(text.split(maxsplit=1)[0], 16)
    return whole(text)


def _celsius(value: float | None) -> float | None:
    """The log is in Kelvin; some versions print Celsius."""
    if value is None or value <= 0:
        return None
    return round(value - ZERO_CELSIUS) if value > COLDEST_KELVIN else value


def _facts(smart: Smart) -> dict[str, JSON]:
    log = smart.nvme or Nvme()
    return facts_of(smart) | {
        name: value for name in log.__struct_fields__ if (value := getattr(log, name)) is not None
    }


def parse_list(raw: bytes) -> list[dict[str, JSON]]:
    """Raises ValueError for what is no list of devices."""
    devices = object_of(raw).get("Devices")
    if isinstance(devices, list):
        return list(objects(devices))
    raise ValueError("no list of Devices")


def _listed(found: list[dict[str, JSON]]) -> dict[str, JSON]:
    """Newer versions nest controllers and namespaces below each device."""
    devices: dict[str, JSON] = {}
    for one in found:
        if path := said(one.get("DevicePath")):
            devices[path] = said(one.get("ModelNumber"))
        for part in objects(one.get("Subsystems")):
            for controller in objects(part.get("Controllers")):
                name = said(controller.get("Controller"))
                devices[f"/dev/{name}"] = said(at(controller, "ModelNumber"))
    return {"devices": devices}


KINDS = ("nvme", "nvme_smart_log", "nvme_cli")
SOURCES = (
    Source[Smart](kinds=KINDS, parse=parse_json, judge=judge, facts=_facts),
    Source[Smart](kinds=KINDS, parse=parse_text, judge=judge, facts=_facts),
    Source(kinds=(*KINDS, "nvme_list"), parse=parse_list, judge=lambda _found, _host: (), facts=_listed),
)
