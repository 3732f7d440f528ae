"""What a management controller reads, in one form for IPMI and Redfish, and how it is judged."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum

import msgspec

from collectors.clients.declared import declared
from collectors.host import JSON, Host
from collectors.judging import judged
from wire import entity
from wire.judgement import Judgement, Reason, Scalar

TEMPERATURE, FAN, POWER, HEALTH = "bmc.temperature", "bmc.fan", "bmc.power", "bmc.health"
SIGNALS = (TEMPERATURE, FAN, POWER, HEALTH)
SEVERE = (Reason.OK, Reason.HIGH, Reason.DEGRADED, Reason.CRITICAL, Reason.STOPPED)


class Grade(StrEnum):
    """How the controller itself calls it."""

    FINE = "ok"
    NOTICE = "warning"
    GRAVE = "critical"
    SILENT = "no reading"
    """Nothing is plugged in there, or it is switched off."""


class Sensor(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    signal: str
    grade: Grade
    reading: float | None = None
    unit: str = ""
    note: str = ""


def asked_by_network(host: Host) -> bool:
    """The controller of this machine is one that its owner declares: nobody else says the same of it."""
    return any(one.host in ("", host.name) for one in declared(host).redfish)


def reason_of(one: Sensor) -> Reason:
    note = one.note.lower()
    if one.signal == POWER and any(
        word in note for word in ("ac lost", "input lost", "lost or out-of-range")
    ):
        return Reason.STOPPED
    if one.signal == POWER and "failure detected" in note:
        return Reason.CRITICAL
    if "redundancy lost" in note or "non-redundant" in note or "redundancy degraded" in note:
        return Reason.DEGRADED if one.signal == POWER else Reason.HIGH
    if one.grade is Grade.GRAVE:
        stands_still = one.signal == FAN and one.reading == 0
        return Reason.STOPPED if stands_still else Reason.CRITICAL
    predicted = "predictive failure" in note or "drive fault" in note or "uncorrectable" in note
    return Reason.HIGH if one.grade is Grade.NOTICE or predicted else Reason.OK


def judge(sensors: list[Sensor], host: Host) -> Iterator[Judgement]:
    """One judgement per kind of sensor. Values: the hottest reading in °C; else how many are in trouble."""
    for signal in SIGNALS:
        mine = [one for one in sensors if one.signal == signal and one.grade is not Grade.SILENT]
        if not mine:
            continue
        doubts = [(reason, one) for one in mine if (reason := reason_of(one)) is not Reason.OK]
        worst = max((reason for reason, _ in doubts), key=SEVERE.index, default=Reason.OK)
        words: dict[str, Scalar] = {"sensors": len(mine)}
        if doubts:
            words["found"] = "; ".join(_told(one) for _, one in doubts)[:1024]
        yield judged(
            signal, entity.chassis(host.name), _known(signal, worst), _value(signal, mine, doubts), **words
        )


def _known(signal: str, reason: Reason) -> Reason:
    """Each signal has its own outcomes: heat does not stop, health does not degrade."""
    if signal in (TEMPERATURE, HEALTH) and reason is Reason.STOPPED:
        return Reason.CRITICAL
    return Reason.HIGH if reason is Reason.DEGRADED and signal != POWER else reason


def _value(signal: str, mine: list[Sensor], doubts: Sequence[object]) -> float:
    if signal != TEMPERATURE:
        return float(len(doubts))
    return max((one.reading for one in mine if one.reading is not None and one.reading < 200), default=0.0)


def _told(one: Sensor) -> str:
    reading = "" if one.reading is None else f" {one.reading:g} {one.unit}".rstrip()
    return f"{one.name}{reading} {one.note or one.grade}"


def facts(sensors: list[Sensor]) -> dict[str, JSON]:
    return {
        "sensors": {one.name: one.grade.value for one in sensors},
        "readings": {one.name: one.reading for one in sensors if one.reading is not None},
    }


def grade_of(words: str) -> Grade:
    """By a state spelt out, such as ``Lower Non-Critical``."""
    text = words.lower()
    if "non-critical" in text:
        return Grade.NOTICE
    return Grade.GRAVE if "critical" in text or "non-recoverable" in text else Grade.FINE


def unit_of(unit: str) -> str:
    return {"degrees C": "°C", "C": "°C"}.get(unit, unit)


def kind_of(name: str, unit: str, kind: str) -> str:
    """The signal of a sensor. ``kind`` is the type that the controller gives it, where it tells one."""
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
