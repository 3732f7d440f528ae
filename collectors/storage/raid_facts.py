"""What the tools of hardware RAID tell, in one form: controllers, volumes, drives, in the tools' words."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from collectors.host import JSON, Host
from collectors.judging import judged
from wire import entity
from wire.judgement import Judgement, Reason, Scalar

CONTROLLER, ARRAY, DISK = "raid.controller", "raid.array", "raid.disk"
LONGEST = 512


class Controller(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    model: str = ""
    state: str = ""
    battery: str = ""
    doubts: tuple[str, ...] = ()
    """What else the controller complains of."""


class Volume(msgspec.Struct, frozen=True, kw_only=True):
    """A logical or virtual drive."""

    name: str
    level: str = ""
    state: str = ""


class Drive(msgspec.Struct, frozen=True, kw_only=True):
    """A physical drive, by the place where a hand finds it."""

    place: str
    state: str = ""
    model: str = ""
    media_errors: int = 0
    other_errors: int = 0
    predicted: int = 0
    """Warnings of the drive that it will fail."""
    flagged: bool = False
    """The drive itself raises its SMART flag."""


class Raid(msgspec.Struct, frozen=True, kw_only=True):
    controllers: tuple[Controller, ...] = ()
    volumes: tuple[Volume, ...] = ()
    drives: tuple[Drive, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.controllers or self.volumes or self.drives)


GONE = ("fail", "offline", "offln", "ofln", "dead", "suspended", "defunct")
WORSE = (
    *("degrad", "dgrd", "pdgd", "interim", "rebuild", "recover", "rbld", "suboptimal", "not enough", "rec"),
    *("impacted", "ready for", "partially", "currently recover", "wrong drive", "a physical drive"),
)
LOST = ("missing", "msng", "not present", "absent")
BAD_DRIVE = (
    "fail",
    "bad",
    "ubad",
    "ubunsp",
    "offline",
    "offln",
    "defunct",
    "inconsistent",
    "erased",
    "foreign bad",
)
BUSY_DRIVE = ("rebuild", "rbld", "copyback", "cpybck", "predictive")
BAD_BATTERY = ("fail", "replace", "degrad", "dgd", "missing", "msng", "error", "needs attention", "bad")
BAD_CACHE = ("temporarily disabled", "permanently disabled", "permanent error", "cache data lost")
FINE = ("optimal", "optl", "ok", "opt", "success", "")


def judge(found: Raid, host: Host) -> Iterator[Judgement]:
    """Values: complaints of a controller; 1 for a volume that is not whole; errors that a drive counts."""
    for one in found.controllers:
        yield _controller(one, host)
    whole = True
    for volume in found.volumes:
        reason = state_of_volume(volume.state)
        whole &= reason is Reason.OK
        subject = entity.array(host.name, volume.name)
        yield judged(ARRAY, subject, reason, float(reason is not Reason.OK), **_words(volume, found))
    for drive in found.drives:
        reason = state_of_drive(drive)
        if whole or reason is Reason.OK:  # else it is told with the volume that lacks it
            yield _drive(drive, reason, host)


def state_of_volume(state: str) -> Reason:
    said = state.lower()
    if said.startswith(("ok", "optimal", "optl")):
        return Reason.OK
    if said in GONE or said.startswith(GONE):
        return Reason.STOPPED
    return Reason.DEGRADED if said.startswith(WORSE) else Reason.OK


def state_of_drive(drive: Drive) -> Reason:
    said = drive.state.lower()
    if said.startswith(LOST):
        return Reason.MISSING
    if drive.predicted or drive.flagged or "predictive" in said:
        return Reason.ERRORS
    if said.startswith(BAD_DRIVE) or "(bad)" in said or said.endswith(" bad"):
        return Reason.ERRORS
    if said.startswith(BUSY_DRIVE) or drive.media_errors:
        return Reason.HIGH
    return Reason.OK


def _controller(one: Controller, host: Host) -> Judgement:
    doubts = list(one.doubts)
    battery = one.battery.lower()
    weak = any(word in battery for word in BAD_BATTERY)
    if weak:
        doubts.append(f"battery or capacitor: {one.battery}")
    said = one.state.lower()
    failed = said.startswith(("fail", "needs reset", "fault", "error"))
    if said not in FINE and not failed and said.startswith(("needs attention", "nded", "degrad", "dgd")):
        doubts.append(one.state)
    reason = Reason.ERRORS if failed else Reason.DEGRADED if doubts else Reason.OK
    facts: dict[str, Scalar] = {"model": one.model, "state": one.state}
    if one.battery:
        facts["battery"] = one.battery
    if doubts:
        facts["found"] = "; ".join(doubts)[:LONGEST]
    return judged(CONTROLLER, entity.slot(host.name, one.name), reason, len(doubts), **facts)


def _words(volume: Volume, found: Raid) -> dict[str, Scalar]:
    facts: dict[str, Scalar] = {"state": volume.state, "level": volume.level}
    bad = [f"{drive.place} {drive.state}" for drive in found.drives if state_of_drive(drive) is not Reason.OK]
    if bad and state_of_volume(volume.state) is not Reason.OK:
        facts["drives"] = "; ".join(bad)[:LONGEST]
    return facts


def _drive(drive: Drive, reason: Reason, host: Host) -> Judgement:
    facts: dict[str, Scalar] = {"state": drive.state, "model": drive.model}
    counts = {
        "media_errors": drive.media_errors,
        "other_errors": drive.other_errors,
        "predicted": drive.predicted,
    }
    facts |= {name: count for name, count in counts.items() if count}
    value = drive.media_errors + drive.predicted
    return judged(DISK, entity.disk(host.name, drive.place), reason, value, **facts)


def facts(found: Raid) -> dict[str, JSON]:
    """``states`` are those of the volumes."""
    counts = [
        count
        for drive in found.drives
        for count in (drive.media_errors, drive.other_errors, drive.predicted)
        if count
    ]
    return {
        "nonzero_err_counts": len(counts),
        "states": [volume.state for volume in found.volumes],
        "controllers": {one.name: one.state for one in found.controllers},
        "batteries": {one.name: one.battery for one in found.controllers if one.battery},
        "drives": {drive.place: drive.state for drive in found.drives},
    }
