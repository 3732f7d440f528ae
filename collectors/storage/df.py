"""Reads what df prints of file systems, in any language: used share of space (-P) and of inodes (-i)."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from collectors.host import JSON, Host
from collectors.parsing import flush_lines
from collectors.source import Source
from collectors.storage.file_systems import Room, judge_room
from wire.judgement import Judgement, Reason, Verdict

AMOUNT = r"(-?\d{1,20}(?:[.,]\d{1,3})?[kKMGTPE]?)(?:i?B|i)?"
BSD = r"(?:\s+\d+\s+\d+\s+\d+%)?"
"""BSD and macOS count inodes in the same row."""
ROW = re.compile(rf"^(\S.*?)?\s+{AMOUNT}\s+{AMOUNT}\s+{AMOUNT}\s+(\d+)%{BSD}\s+(/.*?)\s*$")
HEADER = re.compile(r"(?i)^\s*filesystem\s.*mounted on")
UNIT = re.compile(r"\s(?=[\dKMGT])(\d*)([kmgt]?)(i?b?)(?=-|\s|$)", re.IGNORECASE)
"""``1K-blocks``, ``1K-Blöcke``, ``1K-块``, ``blocs de 1K``."""
OF_INODES = re.compile(r"(?i)\bi-?n(?:od|œud|oeud)|nodos|индекс")
POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5, "e": 6}
BY_NATURE_FULL = re.compile(r"^/(snap|var/lib/snapd/snap|run/media|media|cdrom|mnt/cdrom)(/|$)|^/dev$")
"""Images and discs have no room left by nature."""
IMAGES = re.compile(r"^/dev/(loop|sr|fd)\d")
OVER = 90


class Row(msgspec.Struct, frozen=True):
    device: str
    size: int
    """Blocks or inodes."""
    used: int
    free: int
    percent: int
    point: str


class Df(msgspec.Struct, frozen=True):
    inodes: bool
    block: int
    """Bytes of one block; 0 of a header that nobody understands."""
    rows: tuple[Row, ...]


def parse(raw: bytes) -> Df:
    """Raises ValueError for a text with neither df's header nor a row. A broken line is passed over."""
    lines = [line for line in flush_lines(raw) if line.strip()]
    header = next((line for line in lines if HEADER.match(line)), None)
    if header is None and any(ROW.match(line) for line in lines):
        header = next((line for line in lines if not ROW.match(line) and not line.startswith("/")), "")
    if header is None:
        raise ValueError("no header of df: Filesystem … Mounted on, and no row")
    rows: list[Row] = []
    before = ""
    for line in lines:
        match = ROW.match(line if line[:1].strip() else f"{before} {line}")
        before = line.strip()
        if match is not None:
            size, used, free = (_amount(match[at]) for at in (2, 3, 4))
            percent = int(match[5])
            if max(size, abs(used), abs(free)) < 2**62:
                rows.append(Row((match[1] or "").strip(), size, used, free, percent, match[6]))
    inodes = "%iused" not in header and bool(OF_INODES.search(header))
    return Df(inodes=inodes, block=0 if inodes else _block(header), rows=tuple(rows))


def _amount(text: str) -> int:
    """``1.5G`` as ``-h`` prints it; without a letter the count itself."""
    unit = text[-1].lower() if text[-1].isalpha() else ""
    number = text.rstrip("kKMGTPE").replace(",", ".")
    return int(float(number) * 1024 ** POWERS[unit]) if unit or "." in number else int(number)


def _block(header: str) -> int:
    """``1K-blocks``, ``1024-blocks``, ``2MB-blocks`` (MB is a million, M and MiB are 1024²). Where the header
    tells no size of blocks, each amount is told with its unit.
    """
    match = UNIT.search(header)
    if match is None or len(match[1]) > 9:
        return 0 if "-blocks" in header else 1
    base = 1000 if match[3].lower() == "b" and match[2] else 1024
    return int(match[1] or 1) * int(base ** POWERS[match[2].lower()])


def judge(df: Df, host: Host) -> Iterable[Judgement]:
    """By the measure of the live look; and as a recording tells no growth, what is nearly full warns."""
    for row in df.rows:
        if IMAGES.match(row.device) or BY_NATURE_FULL.match(row.point) or not row.size:
            continue
        for one in judge_room(host, row.point, _room(df, row), row.device):
            if row.percent > OVER and one.reason is Reason.OK:
                yield msgspec.structs.replace(one, verdict=Verdict.WARN, reason=Reason.HIGH)
            else:
                yield one


def _room(df: Df, row: Row) -> Room:
    free = max(0, row.free)
    if df.inodes:
        return Room(0, 0, 0, row.size, free)
    return Room(row.size * df.block, row.used * df.block, free * df.block, 0, 0)


def facts(df: Df) -> dict[str, JSON]:
    """Mount points with blanks are told apart: in df's text they cannot be told from a broken line."""
    plain = {row.point: row.percent for row in df.rows if " " not in row.point}
    return {
        "use_pct": plain,
        "over90": {point: percent for point, percent in plain.items() if percent > OVER},
        "use_pct_with_blanks": {row.point: row.percent for row in df.rows if " " in row.point},
    }


SOURCE = Source(
    kinds=("df",), parse=parse, judge=judge, facts=facts, nothing=Df(inodes=False, block=0, rows=())
)
