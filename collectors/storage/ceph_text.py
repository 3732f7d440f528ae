"""Reads what the tools of Ceph print for people: what ails it, its OSDs, its space."""

from __future__ import annotations

import re
from typing import Final

from collectors.parsing import flush_lines

STATUS: Final = re.compile(r"\bHEALTH_(?:OK|WARN|ERR)\b")
CHECK: Final = re.compile(r"^\s*(?:\[(?:WRN|ERR)\] )?(?P<name>[A-Z][A-Z_]{4,60}): (?P<text>.+)$")
SECTION: Final = re.compile(r"^\s*(?:\w+:$|monmap |services:|data:|osdmap |pgmap |fsmap |mdsmap )")
"""What follows the complaints, in the form of any release."""
CODES: Final = tuple(
    (re.compile(pattern), code)
    for pattern, code in (
        (r"\bosds? down|osds are down", "OSD_DOWN"),
        (r"\bhosts? .*down", "OSD_HOST_DOWN"),
        (r"\bmons? down|mons? out of quorum", "MON_DOWN"),
        (r"clock skew", "MON_CLOCK_SKEW"),
        (r"data availability|pgs? (?:stuck )?(?:inactive|peering|stale|down)", "PG_AVAILABILITY"),
        (r"data damage|inconsistent|unfound", "PG_DAMAGED"),
        (r"scrub errors", "OSD_SCRUB_ERRORS"),
        (r"redundancy|degraded \(|pgs? (?:stuck )?(?:degraded|undersized)", "PG_DEGRADED"),
        (r"slow (?:ops|requests)|requests are blocked|blocked >", "SLOW_OPS"),
        (r"near ?full osd", "OSD_NEARFULL"),
        (r"full osd", "OSD_FULL"),
        (r"pools? .*full", "POOL_FULL"),
        (r"flag\(?s?\)? set", "OSDMAP_FLAGS"),
        (r"low on available space", "MON_DISK_LOW"),
        (r"recently crashed", "RECENT_CRASH"),
        (r"filesystem .*degraded", "FS_DEGRADED"),
        (r"not (?:deep-)?scrubbed in time", "PG_NOT_SCRUBBED"),
    )
)
OTHER: Final = "OTHER"
"""What has no code here keeps its words under this one."""
OSDS: Final = re.compile(r"\b(\d+) osds: (\d+) up\b.*?, (\d+) in\b")
USED: Final = re.compile(r"\b([\d.]+) ?([kKMGTPE]?)i?B used,.*?/ ([\d.]+) ?([kKMGTPE]?)i?B avail")
OSD: Final = re.compile(r"^\s*\d+\s+(?:\w+\s+)?[\d.]+\s+(?P<name>osd\.\d+)\s+(?P<state>up|down)\b")
"""ID CLASS WEIGHT TYPE NAME STATUS, of the tree; the class came with Luminous."""
SPACE: Final = re.compile(
    r"^\s*(?P<id>\d+)\s+(?:[a-z]\w*\s+)?[\d.]+\s+[\d.]+\s.*?"
    r"(?P<used>\d+(?:\.\d+)?)\s+\d+(?:\.\d+)?\s+\d+(?:\s+(?P<state>up|down))?(?:\s+osd\.\d+)?\s*$"
)
"""ID CLASS WEIGHT REWEIGHT SIZE … %USE VAR PGS STATUS, of ``osd df``."""


def status_of(raw: bytes) -> tuple[str, dict[str, str], float | None, dict[str, int]]:
    """Status, code → complaint, share of the raw space in use, how many OSDs exist, are up and are in.

    Raises ValueError where no health is told.
    """
    lines = flush_lines(raw)
    told = ((number, found) for number, line in enumerate(lines) if (found := STATUS.search(line)))
    first, found = next(told, (0, None))
    if found is None:
        raise ValueError("no HEALTH_OK, HEALTH_WARN or HEALTH_ERR")
    checks = {match["name"]: match["text"][:256] for line in lines if (match := CHECK.match(line))}
    if not checks:
        checks = _unnamed([lines[first][found.end() :], *lines[first + 1 :]])
    text = "\n".join(lines)
    return found[0], dict(list(checks.items())[:64]), _used(text), _osds(text)


def _unnamed(lines: list[str]) -> dict[str, str]:
    """Complaints without their codes, one a line or parted by semicolons, up to the next section."""
    told: dict[str, str] = {}
    for number, line in enumerate(lines):
        if SECTION.match(line) or (number and not line.strip()):
            break
        for words in line.split(";"):
            if words := words.strip():
                code = next((code for pattern, code in CODES if pattern.search(words)), OTHER)
                told[code] = f"{told[code]}; {words}"[:256] if code in told else words[:256]
    return told


def _used(text: str) -> float | None:
    if not (found := USED.search(text)):
        return None
    used, total = (float(found[n]) * 1024 ** " KMGTPE".index(found[n + 1].upper() or " ") for n in (1, 3))
    return round(used / total, 4) if total else None


def _osds(text: str) -> dict[str, int]:
    found = OSDS.search(text)
    return {} if found is None else dict(zip(("all", "up", "in"), map(int, found.groups()), strict=True))


def osds_of(raw: bytes) -> tuple[dict[str, str], dict[str, float]]:
    """Name → up or down, and → percent in use, of ``osd tree`` and ``osd df``. Empty where no OSD is told."""
    states: dict[str, str] = {}
    used: dict[str, float] = {}
    lines = flush_lines(raw)
    of_space = any("%USE" in line for line in lines)
    for line in lines:
        if found := OSD.match(line):
            states[found["name"]] = found["state"]
        elif of_space and (found := SPACE.match(line)):
            name = f"osd.{found['id']}"
            used[name] = float(found["used"])
            if found["state"]:
                states[name] = found["state"]
    return states, used
