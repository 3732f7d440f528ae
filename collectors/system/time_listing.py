"""What chronyc and ntpq print of the sources of time, and of how the clock follows them."""

from __future__ import annotations

import re

import msgspec

from collectors.parsing import flush_lines

CHRONY = re.compile(
    r"^([\^=#])([*+\-?x~ ])\s+(\S+)\s+(\d{1,2})\s+(-?\d{1,2})\s+([0-7]{1,3})\s+(\S+)"
    r"\s+([+-]?\d+)(ns|us|ms|s)\["
)
CHRONY_SHORT = re.compile(r"^([\^=#])([*+\-?x~ ])\s+(\S+)\s+(\d{1,2})\s+(-?\d{1,2})\s+([0-7]{1,3})\s+(\S+)")
CHRONY_CSV = re.compile(
    r"^([\^=#]),([*+\-?x~ ]),([^,]+),(\d{1,2}),(-?\d{1,2}),([0-7]{1,3}),\d*,(-?[\d.]{1,20}),"
)
TRACKED_CSV = re.compile(r"^[0-9A-F]{8},[^,]*,\d{1,2},(?:[^,]*,){10}(?P<leap>[A-Za-z][A-Za-z ]+)$")
"""``chronyc -c`` of sources and of tracking."""
NTPQ = re.compile(
    r"^([*+\-#ox.~ ]?)(\S+)\s+(\S+)\s+(\d{1,2})\s+([lubBmMpsAa\-])\s+(\S+)\s+(\S+)\s+([0-7]{1,3})"
    r"\s+(-?[\d.]+)\s+([+-]?[\d.]+)\s+([\d.]+)"
)
NTPQ_LEAP = re.compile(r"\bleap=?_?(\w+)")
UNITS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}
STATES = {"*": "selected", "o": "selected", "+": "combined", "-": "not combined", "#": "combined"}
STATES |= {"?": "unreachable", "x": "false ticker", "~": "too variable", ".": "not combined"}
LOCAL = frozenset(["LOCAL(0)", "127.127.1.0", "127.127.1.1"])
NOT_SYNCHRONISED = frozenset(["alarm", "11", "not"])


class TimeSource(msgspec.Struct, frozen=True):
    name: str
    state: str
    stratum: int
    reach: int
    """The last eight polls, as bits."""
    offset: float | None
    """Seconds."""
    local: bool = False
    """The machine's own clock, which is no source."""


class Sources(msgspec.Struct, frozen=True):
    sources: tuple[TimeSource, ...]
    synchronised: bool | None
    """None where the text does not tell."""
    offset: float | None
    """Seconds that the clock is off, by the daemon's own account."""
    complaint: str = ""


def parse(raw: bytes) -> Sources:
    """Raises ValueError for an empty text."""
    lines = [line.rstrip() for line in flush_lines(raw) if line.strip()]
    if not lines:
        raise ValueError("empty")
    sources = tuple(one for line in lines if (one := _chrony(line) or _ntpq(line)) is not None)
    told = {key.strip().lower(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    leap = told.get("leap status", "").lower()
    if not leap:
        found = (TRACKED_CSV.match(line) or NTPQ_LEAP.search(line) for line in lines)
        match = next((one for one in found if one is not None), None)
        leap = match[1].lower() if match is not None else ""
    synchronised = leap.split()[0] not in NOT_SYNCHRONISED if leap.split() else None
    if synchronised is None:
        synchronised = _by_timedatectl(told)
    if sources and synchronised is None:
        synchronised = any(one.state == "selected" and not one.local for one in sources)
    complaint = lines[0] if not sources and synchronised is None else ""
    return Sources(sources, synchronised, _tracked(told.get("system time", "")), complaint)


def _by_timedatectl(told: dict[str, str]) -> bool | None:
    """``System clock synchronized: no``, in older releases ``NTP synchronized``."""
    words = {told.get(f"{name} synchronized", "") for name in ("system clock", "ntp")} & {"yes", "no"}
    return "yes" in words if words else None


def _chrony(line: str) -> TimeSource | None:
    if (parted := CHRONY_CSV.match(line)) is not None:
        reach = int(parted[6], 8)
        state = STATES.get(parted[2], "unknown") if reach else "unreachable"
        return TimeSource(parted[3], state, int(parted[4]), reach, _number(parted[7]))
    match = CHRONY.match(line)
    short = match or CHRONY_SHORT.match(line)
    if short is None:
        return None
    reach = int(short[6], 8)
    state = "unreachable" if not reach else STATES.get(short[2], "unknown")
    offset = int(match[8]) * UNITS[match[9]] if match is not None and len(match[8]) < 16 else None
    return TimeSource(short[3], state, int(short[4]), reach, offset)


def _ntpq(line: str) -> TimeSource | None:
    match = NTPQ.match(line)
    if match is None:
        return None
    reach = int(match[8], 8)
    state = "unreachable" if not reach else STATES.get(match[1], "rejected")
    local = match[2] in LOCAL or match[3] == ".LOCL."
    return TimeSource(match[2], state, int(match[4]), reach, _number(match[10]) / 1e3, local)


def _tracked(text: str) -> float | None:
    """``0.000006523 seconds slow of NTP time``: behind is positive, as everywhere."""
    words = text.split()
    if len(words) < 3:
        return None
    return _number(words[0]) * (1 if words[2] == "slow" else -1)


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        return 0.0
    return number if abs(number) < 1e12 else 0.0
