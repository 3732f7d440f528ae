"""Are temperatures, fans and voltages within their limits? Values: hottest °C; how many are not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from collectors.host import JSON, Host
from collectors.judging import judged
from collectors.source import TreeSource
from collectors.sysfs import Files, names
from collectors.unit import Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason, Scalar

TEMPERATURE, FAN, POWER = "hw.temperature", "hw.fan", "hw.power"
COLLECTOR = Collector(
    signals=(TEMPERATURE, FAN, POWER),
    layer=Layer.HARDWARE,
    interval=30.0,
    timeout=10.0,
    where=("/sys/class/hwmon/hwmon*",),
)
CHIPS = "/sys/class/hwmon"
PARTS = re.compile(
    r"(?P<sensor>(?:temp|fan|in|power|curr|intrusion)\d+)_"
    r"(?P<what>input|label|max|min|crit|lcrit|emergency|alarm|fault|crit_alarm|lcrit_alarm|emergency_alarm|"
    r"max_alarm|min_alarm)"
)
BOARD_CHIPS = re.compile(r"nct|it8|f71|w83|sch|dme|asb|lm7|adt7|vt8|emc")
"""Chips on desktop boards: many of their inputs are not wired, and their limits are never set."""
HOTTEST = 130.0
"""Degrees; a sensor that reads more is not connected."""
SEVERE = (Reason.OK, Reason.HIGH, Reason.CRITICAL, Reason.STOPPED)


class Sensor(msgspec.Struct, frozen=True):
    """One sensor of one chip (kernel: Documentation/hwmon/sysfs-interface.rst)."""

    chip: str
    name: str
    """``temp1``."""
    values: dict[str, int]
    label: str = ""

    @property
    def board(self) -> bool:
        return BOARD_CHIPS.match(self.chip) is not None

    def told(self, value: str) -> str:
        return f"{self.chip} {self.label or self.name} {value}".strip()

    def alarm(self, *kinds: str) -> bool:
        return any(self.values.get(kind) == 1 for kind in kinds)


class Sensors(msgspec.Struct, frozen=True):
    sensors: tuple[Sensor, ...]
    files: dict[str, str]


def read(host: Host) -> Iterable[Judgement]:
    found = gather(host)
    if found is not None:
        yield from judge(found, host)


def gather(host: Host) -> Sensors | None:
    files = Files(host)
    sensors: list[Sensor] = []
    for folder in names(host, CHIPS):
        place = f"{CHIPS}/{folder}"
        sensors += _chip(host, files, place)
        files.text(f"{place}/device/state")
    return Sensors(tuple(sensors), files.read) if sensors else None


def _chip(host: Host, files: Files, place: str) -> Iterator[Sensor]:
    found: dict[str, dict[str, int]] = {}
    labels: dict[str, str] = {}
    for name in names(host, place):
        match = PARTS.fullmatch(name)
        if match is None:
            continue
        values = found.setdefault(match["sensor"], {})
        if match["what"] == "label":
            labels[match["sensor"]] = files.text(f"{place}/{name}")[:64]
        elif (number := files.number(f"{place}/{name}")) is not None:
            values[match["what"]] = number
    chip = (files.text(f"{place}/name") or place.rpartition("/")[2])[:64]
    for sensor, values in found.items():
        yield Sensor(chip, sensor, values, labels.get(sensor, ""))


def judge(found: Sensors, host: Host) -> Iterator[Judgement]:
    """One judgement per kind: the chassis is what a person goes to."""
    for prefix, signal, look in (
        ("temp", TEMPERATURE, _temperature),
        ("fan", FAN, _fan),
        (("in", "power", "curr"), POWER, _power),
    ):
        sensors = [
            one for one in found.sensors if one.name.startswith(prefix) and "intrusion" not in one.name
        ]
        if not sensors:
            continue
        bad = [(look(one), one) for one in sensors]
        doubts = [(reason, one) for reason, one in bad if reason is not Reason.OK]
        worst = max((reason for reason, _ in doubts), key=SEVERE.index, default=Reason.OK)
        words: dict[str, Scalar] = {"sensors": len(sensors)}
        if doubts:
            words["found"] = "; ".join(one.told(_shown(one)) for _, one in doubts)[:512]
        value = _hottest(sensors) if signal == TEMPERATURE else float(len(doubts))
        yield judged(signal, entity.chassis(host.name), worst, value, **words)


def _shown(one: Sensor) -> str:
    value = one.values.get("input")
    if value is None:
        return "alarm"
    return {"temp": f"{value / 1000:g} °C", "fan": f"{value} rpm"}.get(
        re.sub(r"\d", "", one.name), f"{value / 1000:g}"
    )


def _hottest(sensors: list[Sensor]) -> float:
    degrees = [one.values["input"] / 1000 for one in sensors if "input" in one.values and not one.board]
    return max((value for value in degrees if 0 < value < HOTTEST), default=0.0)


def _temperature(one: Sensor) -> Reason:
    value = one.values.get("input", 0) / 1000
    if one.alarm("fault") or not 0 < value < HOTTEST:
        return Reason.OK
    limit = one.values.get("crit", one.values.get("emergency", 0)) / 1000
    beyond = 40 <= limit < HOTTEST and value >= limit
    if beyond or (one.alarm("crit_alarm", "emergency_alarm") and not one.board):
        return Reason.HIGH if one.board else Reason.CRITICAL
    most = one.values.get("max", 0) / 1000
    return (
        Reason.HIGH
        if one.alarm("alarm", "max_alarm") and 40 <= most <= value and not one.board
        else Reason.OK
    )


def _fan(one: Sensor) -> Reason:
    """A fan without a limit may stand still as it likes."""
    if one.alarm("fault") and not one.board:
        return Reason.STOPPED
    speed, least = one.values.get("input"), one.values.get("min", 0)
    if speed is None or least <= 0 or speed >= least or not one.alarm("alarm", "min_alarm"):
        return Reason.OK
    return Reason.STOPPED if speed == 0 else Reason.CRITICAL


def _power(one: Sensor) -> Reason:
    if one.board:
        return Reason.OK
    if one.alarm("lcrit_alarm") and one.name.startswith("in"):
        return Reason.STOPPED
    if one.alarm("crit_alarm", "lcrit_alarm"):
        return Reason.CRITICAL
    return Reason.OK


def facts(found: Sensors) -> dict[str, JSON]:
    return dict(found.files)


SOURCE = TreeSource[Sensors](kinds=("hwmon", "sensors"), gather=gather, judge=judge, facts=facts)
