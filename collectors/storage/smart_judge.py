"""Judges a disk by what it counted and how that grows; its own PASSED is heard last."""

from __future__ import annotations

import re
from collections.abc import Iterator

from collectors.growth import grown
from collectors.host import Host
from collectors.judging import judged
from collectors.storage.smart_facts import Attribute, Nvme, Smart
from rules.matching.entities import whole_disk
from wire import entity
from wire.judgement import Judgement, Reason, Scalar, unknown

HEALTH, TEMPERATURE = "disk.smart", "disk.temperature"
NOW_BAD = {197: re.compile("pending", re.IGNORECASE), 198: re.compile("uncorrect", re.IGNORECASE)}
"""Sectors that cannot be read as of now: any is data in danger. By number and name: numbers are reused."""
ONCE_BAD = {
    5: re.compile("realloc|retired|unknown|bad", re.IGNORECASE),
    187: re.compile("uncorrect", re.IGNORECASE),
}
"""What happened once and may stand for ever; more of it means that the disk is failing."""
LINK = {199: re.compile("crc", re.IGNORECASE), 184: re.compile("end.to.end", re.IGNORECASE)}
"""Errors on the cable and on the way through the drive: never cleared, so only growth counts."""
MANY = 1000
"""So many reallocated sectors use up what most disks have in reserve."""
CABLE_ERRORS = 10
WORN = re.compile("wearout|life.left|lifetime.remain|life.remain|wear.level|percent.life", re.IGNORECASE)
HEAT = frozenset([190, 194, 231])
NO_GRAVITY = frozenset(["logged_errors", "crc", "end_to_end"])
SEVERE = (Reason.OK, Reason.HIGH, Reason.EXHAUSTED, Reason.ERRORS)
SPARE, OVERHEATED, UNRELIABLE, READ_ONLY, BACKUP = 1, 2, 4, 8, 16
WARM_SPINNING, HOT_SPINNING, WARM_SOLID, HOT_SOLID = 60.0, 68.0, 78.0, 85.0
BUS = re.compile(r"^/?(?:dev/)?(?P<path>\S+)(?: \[(?P<type>[\w,]+)\])?$")


class Doubts:
    """The gravest reason found, and what was found."""

    def __init__(self) -> None:
        self.reason = Reason.OK
        self.found: list[str] = []

    def add(self, reason: Reason, text: str) -> None:
        self.found.append(text)
        self.reason = max(self.reason, reason, key=SEVERE.index)


def subject_of(host: Host, device: str) -> str:
    """``/dev/nvme0`` is a controller, its first namespace the disk; behind a RAID card the place counts."""
    found = BUS.match(device.strip())
    path, behind = (found["path"], found["type"]) if found else (device, None)
    name = whole_disk(f"/dev/{path}")
    if re.fullmatch(r"nvme\d+", name):
        name += "n1"
    return entity.disk(host.name, f"{name}:{behind}" if behind and "," in behind else name or "unknown")


def judge(smart: Smart, host: Host) -> Iterator[Judgement]:
    """Value of disk.smart: the gravest count; of disk.temperature: degrees Celsius."""
    subject = subject_of(host, smart.device)
    if not _tells(smart):
        if "STANDBY" not in smart.complaint.upper():
            denied = "ermission" in smart.complaint
            why = Reason.NOT_PERMITTED if denied else Reason.NOT_SUPPORTED
            yield unknown(HEALTH, subject, why, error=smart.complaint or "the disk tells nothing")
        return
    doubts = Doubts()
    counts = _counts(smart)
    rises = grown(host, f"smart {smart.serial or subject}", counts)
    _ata(smart, rises, doubts)
    _scsi(smart, rises, doubts)
    if smart.nvme is not None:
        _nvme(smart.nvme, rises, doubts)
    _own_words(smart, doubts)
    shown: dict[str, Scalar] = {name: count for name, count in counts.items() if count}
    yield judged(
        HEALTH,
        subject,
        doubts.reason,
        float(max((counts[name] for name in counts if name not in NO_GRAVITY), default=0)),
        model=smart.model,
        serial=smart.serial,
        **({"found": "; ".join(doubts.found)} if doubts.found else {}),
        **dict(list(shown.items())[:12]),
    )
    if smart.temperature is not None and 0 < smart.temperature < 200:
        yield _heat(smart, subject)


def _tells(smart: Smart) -> bool:
    return (
        smart.passed is not None
        or bool(smart.attributes)
        or smart.nvme is not None
        or smart.grown_defects is not None
        or smart.temperature is not None
        or bool(smart.self_test)
        or bool(smart.logged_errors)
    )


def _counts(smart: Smart) -> dict[str, int]:
    found: dict[str, int] = {}
    for names in (NOW_BAD, ONCE_BAD):
        for one in _known(smart, names):
            found[one.name] = one.count
    found |= {"crc" if one.id == 199 else "end_to_end": one.count for one in _known(smart, LINK)}
    nvme = smart.nvme or Nvme()
    others = {
        "grown_defects": smart.grown_defects,
        "uncorrected": smart.uncorrected,
        "pending": smart.pending,
        "media_errors": nvme.media_errors,
        "logged_errors": smart.logged_errors,
    }
    return found | {name: value for name, value in others.items() if value is not None}


def _known(smart: Smart, names: dict[int, re.Pattern[str]]) -> Iterator[Attribute]:
    for one in smart.attributes:
        if one.id in names and names[one.id].search(one.name):
            yield one


def _ata(smart: Smart, rises: dict[str, int], doubts: Doubts) -> None:
    for one in _known(smart, NOW_BAD):
        if one.count:
            doubts.add(Reason.ERRORS, f"{one.name} {one.count}")
    for one in _known(smart, ONCE_BAD):
        if one.count:
            worse = rises.get(one.name, 0) > 0 or (one.id == 5 and one.count >= MANY)
            risen = f", {rises[one.name]} more since yesterday" if rises.get(one.name) else ""
            doubts.add(Reason.ERRORS if worse else Reason.HIGH, f"{one.name} {one.count}{risen}")
    if rises.get("end_to_end", 0):
        doubts.add(Reason.ERRORS, f"{rises['end_to_end']} more errors on the way through the drive")
    if rises.get("crc", 0) >= CABLE_ERRORS:
        doubts.add(Reason.HIGH, f"{rises['crc']} more errors on the cable since yesterday")
    for one in smart.attributes:
        if one.id in HEAT and not WORN.search(one.name):
            continue
        worn = WORN.search(one.name) is not None and smart.rotating is not True
        if one.failed == "now" and (one.prefailure or worn):
            doubts.add(Reason.EXHAUSTED if worn else Reason.ERRORS, f"{one.name} is below its threshold")
        elif one.failed == "past" and one.prefailure:
            doubts.add(Reason.HIGH, f"{one.name} was below its threshold")
        elif worn and one.value is not None and 0 < one.value <= 3:
            doubts.add(Reason.HIGH, f"{one.name} {one.value} of 100")


def _scsi(smart: Smart, rises: dict[str, int], doubts: Doubts) -> None:
    if smart.pending:
        doubts.add(Reason.ERRORS, f"{smart.pending} pending defects")
    for name, value in (("grown_defects", smart.grown_defects), ("uncorrected", smart.uncorrected)):
        if value:
            worse = rises.get(name, 0) > 0 or value >= MANY
            doubts.add(Reason.ERRORS if worse else Reason.HIGH, f"{name} {value}")
    if smart.endurance_used is not None and smart.endurance_used >= 90:
        worn_out = smart.endurance_used >= 100
        doubts.add(Reason.EXHAUSTED if worn_out else Reason.HIGH, f"endurance used {smart.endurance_used} %")


def _nvme(log: Nvme, rises: dict[str, int], doubts: Doubts) -> None:
    warning = log.critical_warning or 0
    for bit, reason, text in (
        (SPARE, Reason.EXHAUSTED, "the controller warns of low spare"),
        (UNRELIABLE, Reason.ERRORS, "the controller calls itself unreliable"),
        (READ_ONLY, Reason.ERRORS, "the controller went read-only"),
        (BACKUP, Reason.ERRORS, "the backup of volatile memory failed"),
    ):
        if warning & bit:
            doubts.add(reason, text)
    if log.media_errors:
        worse = rises.get("media_errors", 0) > 0
        doubts.add(Reason.ERRORS if worse else Reason.HIGH, f"media errors {log.media_errors}")
    spare, least = log.available_spare, log.available_spare_threshold
    if spare is not None and least is not None and spare < least:
        doubts.add(Reason.EXHAUSTED, f"spare {spare} % is below {least} %")
    if log.percentage_used is not None and log.percentage_used >= 90:
        reason = Reason.EXHAUSTED if log.percentage_used >= 100 else Reason.HIGH
        doubts.add(reason, f"{log.percentage_used} % of the rated life used")


def _own_words(smart: Smart, doubts: Doubts) -> None:
    if smart.passed is False:
        warm_only = smart.nvme is not None and smart.nvme.critical_warning == OVERHEATED
        if not warm_only:
            doubts.add(Reason.ERRORS, "the disk itself says FAILED")
    if smart.self_test:
        doubts.add(Reason.ERRORS, f"last self test: {smart.self_test}")


def _heat(smart: Smart, subject: str) -> Judgement:
    value = smart.temperature or 0.0
    solid = smart.nvme is not None or smart.rotating is False
    warm, hot = (WARM_SOLID, HOT_SOLID) if solid else (WARM_SPINNING, HOT_SPINNING)
    if smart.hottest is not None:
        hot = smart.hottest
        warm = max(warm, hot - 5) if solid else min(warm, hot - 2)
    warned = smart.nvme is not None and (smart.nvme.critical_warning or 0) & OVERHEATED
    reason = Reason.CRITICAL if value >= hot else Reason.HIGH if value >= warm or warned else Reason.OK
    return judged(TEMPERATURE, subject, reason, value, limit=hot, model=smart.model)
