"""What nvidia-smi tells of GPUs, in one form, and how it is judged."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from collectors.growth import grown
from collectors.host import JSON, Host
from collectors.judging import judged
from wire import entity
from wire.judgement import Judgement, Reason, Scalar

STATE, MEMORY, TEMPERATURE, LINK = "gpu.state", "gpu.memory", "gpu.temperature", "gpu.link"
BUS = re.compile(
    r"(?:0000)?(?P<domain>[0-9a-fA-F]{4}):(?P<bus>[0-9a-fA-F]{2}):(?P<device>[0-9a-fA-F]{2})(?:\.\d)?"
)
LOST = ("gpu is lost", "fallen off", "gpu not found")
BROKEN = ("err!", "unknown error", "requires reset")


class Gpu(msgspec.Struct, frozen=True, kw_only=True):
    """None where the card does not tell (N/A)."""

    place: str
    """As the driver's log lines name it: ``0000:3b:00``; else its number."""
    name: str = ""
    uuid: str = ""
    temperature: float | None = None
    slows_at: float | None = None
    margin: float | None = None
    """Degrees left until it slows down, on newer cards."""
    uncorrected: int | None = None
    """Of memory, since the driver was loaded."""
    corrected: int | None = None
    pending: bool = False
    """A page or row waits for a reset to be taken out of use."""
    remap_failed: bool = False
    reset_required: bool = False
    slowed: tuple[str, ...] = ()
    """Active reasons for lower clocks that mean heat or lack of power."""
    links: dict[str, str] = {}
    """NVLink → its speed or ``inactive``."""
    link_errors: dict[str, int] = {}
    complaint: str = ""


def place_of(text: str) -> str:
    """``00000000:3B:00.0`` → ``0000:3b:00``."""
    found = BUS.search(text)
    return f"{found['domain']}:{found['bus']}:{found['device']}".lower() if found else text.strip()[:64]


def judge(gpus: list[Gpu], host: Host) -> Iterator[Judgement]:
    """Values: 1 for one that is lost or broken; errors; degrees; links that are down."""
    for one in gpus:
        subject = entity.gpu(host.name, one.place or "0")
        yield _state(one, subject)
        if one.uncorrected is not None or one.pending or one.remap_failed:
            yield _memory(one, subject)
        if one.temperature is not None or one.slowed:
            yield _temperature(one, subject)
        if one.links or one.link_errors:
            yield _links(one, subject, host)


def _state(one: Gpu, subject: str) -> Judgement:
    text = one.complaint.lower()
    reason = Reason.OK
    if any(word in text for word in LOST):
        reason = Reason.MISSING
    elif one.complaint or one.reset_required:
        reason = Reason.ERRORS
    words: dict[str, Scalar] = {"name": one.name}
    if one.complaint or one.reset_required:
        words["found"] = one.complaint or "a reset is required"
    return judged(STATE, subject, reason, float(reason is not Reason.OK), **words)


def _memory(one: Gpu, subject: str) -> Judgement:
    found = [
        text
        for true, text in (
            (bool(one.uncorrected), f"{one.uncorrected} uncorrected errors since the driver was loaded"),
            (one.remap_failed, "a row could not be remapped"),
            (one.pending, "a page or row waits for a reset to be taken out of use"),
        )
        if true
    ]
    reason = (
        Reason.ERRORS if one.uncorrected or one.remap_failed else Reason.HIGH if one.pending else Reason.OK
    )
    words: dict[str, Scalar] = {"found": "; ".join(found)} if found else {}
    return judged(MEMORY, subject, reason, one.uncorrected or 0, corrected=one.corrected or 0, **words)


def _temperature(one: Gpu, subject: str) -> Judgement:
    value = one.temperature or 0.0
    beyond = one.slows_at is not None and 50 <= one.slows_at <= value
    used_up = one.margin is not None and one.margin <= 0 and one.slows_at is None and value > 50
    hot = any("thermal" in why for why in one.slowed)
    reason = (
        Reason.CRITICAL
        if beyond or used_up or (hot and _hard(one))
        else Reason.HIGH
        if one.slowed
        else Reason.OK
    )
    words: dict[str, Scalar] = {} if one.slows_at is None else {"slows_at": one.slows_at}
    if one.slowed:
        words["slowed_by"] = ", ".join(one.slowed)
    return judged(TEMPERATURE, subject, reason, value, **words)


def _hard(one: Gpu) -> bool:
    return any(why.startswith("hw_") for why in one.slowed)


def _links(one: Gpu, subject: str, host: Host) -> Judgement:
    """Links that were never wired are inactive too: only a card with some links up lacks the others."""
    down = [name for name, speed in one.links.items() if "inactive" in speed.lower()]
    up = len(one.links) - len(down)
    rises = grown(host, f"nvlink {one.uuid or one.place}", one.link_errors)
    reason = Reason.OK
    if any(rises.values()):
        reason = Reason.ERRORS
    elif down and up:
        reason = Reason.DEGRADED
    words: dict[str, Scalar] = {"links": len(one.links)}
    if down:
        words["inactive"] = ", ".join(down)[:256]
    if any(one.link_errors.values()):
        words["errors"] = ", ".join(f"{name} {count}" for name, count in one.link_errors.items() if count)[
            :512
        ]
    return judged(LINK, subject, reason, len(down) if up else 0, **words)


def facts(gpus: list[Gpu]) -> dict[str, JSON]:
    return {
        "gpus": len(gpus),
        "temp": {one.place: one.temperature for one in gpus if one.temperature is not None},
        "devices": [
            {
                name: value
                for name, value in msgspec.to_builtins(one).items()
                if value not in (None, "", [], {}, False)
            }
            for one in gpus
        ],
    }
