"""Sensors (hwmon), thermal zones and memory errors (EDAC) from /sys."""

from __future__ import annotations

import re
from collections.abc import Iterator

from prometheus_client.core import Metric

from agent.host_metrics.families import counter, gauge
from collectors.host import Host

HWMON = "/sys/class/hwmon"
ATTRIBUTE = re.compile(r"(temp|fan|in|curr|power|humidity|energy)(\d+)_(\w+)")
UNITS = {
    "temp": ("celsius", 1e-3),
    "fan": ("rpm", 1.0),
    "in": ("volts", 1e-3),
    "curr": ("amps", 1e-3),
    "power": ("watt", 1e-6),
    "humidity": ("humidity", 1e-3),
    "energy": ("joule", 1e-6),
}
"""Kernel: Documentation/hwmon/sysfs-interface.rst."""
LIMITS = frozenset(["input", "average", "min", "max", "crit", "lcrit", "crit_hyst", "max_hyst", "target"])
FLAGS = frozenset(["alarm", "crit_alarm", "min_alarm", "max_alarm", "fault", "beep"])
UNFIT = re.compile(r"[^a-z0-9:_]+")
LABELS = ("chip", "sensor")
EDAC = "/sys/devices/system/edac/mc"
THERMAL = "/sys/class/thermal"


def hwmon(host: Host) -> Iterator[Metric]:
    found: dict[str, dict[tuple[str, ...], float]] = {}
    names: dict[tuple[str, ...], float] = {}
    labels: dict[tuple[str, ...], float] = {}
    for device in sorted(host.list(HWMON)):
        folder = f"{HWMON}/{device}"
        chip = _chip(host, folder)
        names[(chip, _line(host, f"{folder}/name") or chip)] = 1.0
        for file in sorted(host.list(folder)):
            match = ATTRIBUTE.fullmatch(file)
            if match is None:
                continue
            kind, sensor, what = match[1], f"{match[1]}{match[2]}", match[3]
            if what == "label":
                labels[(chip, sensor, _line(host, f"{folder}/{file}").lower())] = 1.0
                continue
            metric, unit = _metric(kind, what)
            value = _number(host, f"{folder}/{file}")
            if metric and value is not None:
                found.setdefault(metric, {})[(chip, sensor)] = value * unit
    for metric, samples in sorted(found.items()):
        yield gauge(
            metric, f"Hardware monitor: {metric.removeprefix('node_hwmon_')}", LABELS, samples.items()
        )
    text = "Annotation metric for human-readable chip names"
    yield gauge("node_hwmon_chip_names", text, ("chip", "chip_name"), names.items())
    text = "Label for given chip and sensor"
    yield gauge("node_hwmon_sensor_label", text, ("chip", "sensor", "label"), labels.items())


def _metric(kind: str, what: str) -> tuple[str, float]:
    """``temp``, ``crit`` → ``node_hwmon_temp_crit_celsius``; empty for what is no figure of health."""
    unit, factor = UNITS[kind]
    if what in FLAGS:
        return f"node_hwmon_{kind}_{what}", 1.0
    if what not in LIMITS:
        return "", 1.0
    middle = "" if what == "input" else f"_{what}"
    return f"node_hwmon_{kind}{middle}_{unit}", factor


def _chip(host: Host, folder: str) -> str:
    """The name of the device behind it, as node_exporter words it: ``platform_coretemp_0``."""
    try:
        device = host.read_link(f"{folder}/device").rpartition("/")[2]
        bus = host.read_link(f"{folder}/device/subsystem").rpartition("/")[2]
    except OSError:
        return UNFIT.sub("_", _line(host, f"{folder}/name").lower()) or folder.rpartition("/")[2]
    return UNFIT.sub("_", f"{bus}_{device}".lower()).strip("_")


def thermal_zones(host: Host) -> Iterator[Metric]:
    zones: dict[tuple[str, ...], float] = {}
    for name in sorted(host.list(THERMAL)):
        value = _number(host, f"{THERMAL}/{name}/temp")
        if name.startswith("thermal_zone") and value is not None:
            zones[(name.removeprefix("thermal_zone"), _line(host, f"{THERMAL}/{name}/type"))] = value * 1e-3
    yield gauge("node_thermal_zone_temp", "Zone temperature in Celsius", ("zone", "type"), zones.items())


def edac(host: Host) -> Iterator[Metric]:
    """Kernel: Documentation/ABI/testing/sysfs-devices-edac."""
    for kind, word in (("ce", "correctable"), ("ue", "uncorrectable")):
        whole: dict[tuple[str, ...], float] = {}
        rows: dict[tuple[str, ...], float] = {}
        for name in sorted(host.list(EDAC)):
            folder, controller = f"{EDAC}/{name}", name.removeprefix("mc")
            if not controller.isdigit():
                continue
            whole[(controller,)] = _number(host, f"{folder}/{kind}_count") or 0.0
            rows[(controller, "unknown")] = _number(host, f"{folder}/{kind}_noinfo_count") or 0.0
            for row in sorted(host.list(folder)):
                if row.startswith("csrow"):
                    value = _number(host, f"{folder}/{row}/{kind}_count") or 0.0
                    rows[(controller, row.removeprefix("csrow"))] = value
        text = f"Total {word} memory errors"
        yield counter(f"node_edac_{word}_errors", f"{text}.", ("controller",), whole.items())
        labels = ("controller", "csrow")
        yield counter(f"node_edac_csrow_{word}_errors", f"{text} for this csrow.", labels, rows.items())


def _number(host: Host, path: str) -> float | None:
    try:
        return float(_line(host, path))
    except ValueError:
        return None


def _line(host: Host, path: str) -> str:
    try:
        return host.read(path, 256).strip()
    except OSError:
        return ""
