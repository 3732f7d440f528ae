"""Is the battery of this machine in order, and charged enough? Value: charge as a share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from collectors.host import JSON, Host
from collectors.judging import judged
from collectors.source import TreeSource
from collectors.sysfs import Files, names
from collectors.unit import Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason, Scalar

SIGNAL = "power.battery"
COLLECTOR = Collector(
    signals=(SIGNAL,), layer=Layer.HARDWARE, interval=60.0, where=("/sys/class/power_supply/*",)
)
SUPPLIES = "/sys/class/power_supply"
SICK = frozenset(
    ["Overheat", "Dead", "Over voltage", "Unspecified failure", "Over current", "Calibration required"]
)
EMPTY, LOW = 5, 12
"""Percent, while it is being emptied."""
SEVERE = (Reason.OK, Reason.HIGH, Reason.DEGRADED, Reason.CRITICAL)


class Battery(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    status: str
    health: str
    capacity: int | None
    """Percent."""
    worn: float | None
    """What it can still hold of what it was made for, as a share."""


class Batteries(msgspec.Struct, frozen=True):
    batteries: tuple[Battery, ...]
    files: dict[str, str]


def read(host: Host) -> Iterable[Judgement]:
    found = gather(host)
    if found is not None:
        yield from judge(found, host)


def gather(host: Host) -> Batteries | None:
    """Those of the machine, not of a mouse (scope Device; kernel: ABI/testing/sysfs-class-power)."""
    files = Files(host)
    found: list[Battery] = []
    for name in names(host, SUPPLIES):
        folder = f"{SUPPLIES}/{name}"
        files.text(f"{folder}/online")
        kind, scope = files.text(f"{folder}/type"), files.text(f"{folder}/scope")
        if kind == "Battery" and scope != "Device" and files.text(f"{folder}/present") != "0":
            found.append(
                Battery(
                    name=name,
                    status=files.text(f"{folder}/status"),
                    health=files.text(f"{folder}/health"),
                    capacity=files.number(f"{folder}/capacity"),
                    worn=_worn(files, folder),
                )
            )
    return Batteries(tuple(found), files.read) if found else None


def _worn(files: Files, folder: str) -> float | None:
    for kind in ("energy", "charge"):
        now, design = (files.number(f"{folder}/{kind}_{what}") for what in ("full", "full_design"))
        if now and design and design > 0:
            return now / design
    return None


def judge(found: Batteries, host: Host) -> Iterator[Judgement]:
    worst, words, charge = Reason.OK, [], 1.0
    for one in found.batteries:
        reason = _reason(one)
        worst = max(worst, reason, key=SEVERE.index)
        if one.capacity is not None:
            charge = min(charge, one.capacity / 100)
        if reason is not Reason.OK:
            worn = "" if one.worn is None else f", holds {one.worn:.0%} of its design"
            words.append(f"{one.name} {one.status} {one.capacity} % {one.health}{worn}")
    facts: dict[str, Scalar] = {"batteries": len(found.batteries)}
    if words:
        facts["found"] = "; ".join(words)
    yield judged(SIGNAL, entity.chassis(host.name), worst, charge, **facts)


def _reason(one: Battery) -> Reason:
    charge = 100 if one.capacity is None else one.capacity
    if one.status == "Discharging" and charge <= EMPTY:
        return Reason.CRITICAL
    if one.health in SICK:
        return Reason.DEGRADED
    emptying = one.status == "Discharging" and charge <= LOW
    return Reason.HIGH if emptying or (one.worn is not None and one.worn < 0.4) else Reason.OK


def facts(found: Batteries) -> dict[str, JSON]:
    return dict(found.files)


SOURCE = TreeSource[Batteries](kinds=("power_supply", "battery"), gather=gather, judge=judge, facts=facts)
