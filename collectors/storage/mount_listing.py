"""Reads listings of mounts (mount, findmnt, /proc/mounts) and finds those that lost the right to write."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from collectors.host import JSON, Host
from collectors.judging import judged
from collectors.parsing import lines_of
from collectors.source import Source
from collectors.storage.mount_table import PLAIN, READ_ONLY_BY_NATURE, may_hang, parse_line, unescape
from wire import entity
from wire.judgement import Judgement, Reason

MOUNT = re.compile(r"^(.+?) on (/.*?) type (\S+) \(([^)]*)\)")
BSD = re.compile(r"^(.+?) on (/.*?) \((\w+)(?:, ([^)]*))?\)$")
"""BSD and macOS: the type is the first of the options."""
TREE = re.compile(r"^[\s│├└─|`-]*")
TABLE = re.compile(r"^(\S+)\s+(/\S*)\s+(\S+)\s+(\S+)\s+\d\s+\d\s*$")
MUST_WRITE = frozenset(["/", "/var", "/var/log", "/var/lib", "/home", "/opt", "/srv"])
"""Read-only, these are a fault unless the machine is built so; then they are of another type."""


class Row(msgspec.Struct, frozen=True):
    source: str
    point: str
    type: str
    options: frozenset[str]
    by_kernel: bool = False
    """The mount may be written, the file system may not: the kernel made it so."""


def parse(raw: bytes) -> list[Row]:
    """Raises ValueError for a text without a mount."""
    rows = [row for line in lines_of(raw) if (row := _row(line)) is not None]
    if not rows:
        raise ValueError("no mount, in any of the forms that are known")
    return rows


def parse_findmnt(raw: bytes) -> list[Row]:
    """``findmnt`` and ``findmnt -l``, with its usual columns. Raises ValueError for another text."""
    lines = lines_of(raw)
    at = next((at for at, line in enumerate(lines) if line.split()[:2] == ["TARGET", "SOURCE"]), None)
    if at is None:
        raise ValueError("no head of findmnt: TARGET SOURCE …")
    names = lines[at].lower().split()
    rows: list[Row] = []
    for line in lines[at + 1 :]:
        told = dict(zip(names, TREE.sub("", line, count=1).split(), strict=False))
        if told.get("target", "").startswith("/") and "source" in told:
            options = frozenset(told.get("options", "").split(","))
            rows.append(Row(told["source"], unescape(told["target"]), told.get("fstype", ""), options))
    return rows


def _row(line: str) -> Row | None:
    point = parse_line(line)
    if point is not None:
        lost = "ro" in point.super_options and "ro" not in point.options
        return Row(point.source, point.point, point.type, point.options, lost)
    match = MOUNT.match(line)
    if match is not None:
        return Row(match[1], match[2], match[3], frozenset(match[4].split(",")))
    match = BSD.match(line)
    if match is not None:
        options = {"ro" if word == "read-only" else word for word in (match[4] or "").split(", ")}
        return Row(match[1], match[2], match[3], frozenset(options))
    match = TABLE.match(line)
    if match is not None:
        return Row(unescape(match[1]), unescape(match[2]), match[3], frozenset(match[4].split(",")))
    return None


def judge(rows: list[Row], host: Host) -> Iterable[Judgement]:
    seen = {row.point: row for row in rows}
    for point, row in seen.items():
        if row.type not in PLAIN or row.type in READ_ONLY_BY_NATURE:
            continue
        if row.by_kernel or {"emergency_ro", "shutdown"} & row.options:
            reason = Reason.ERRORS
        else:
            reason = Reason.READ_ONLY if "ro" in row.options and point in MUST_WRITE else Reason.OK
        subject = entity.fs(host.name, point)
        yield judged("fs.read_only", subject, reason, None, device=row.source, type=row.type)


def facts(rows: list[Row]) -> dict[str, JSON]:
    return {
        "mounts": {row.point: {"source": row.source, "type": row.type} for row in rows},
        "read_only": [row.point for row in rows if "ro" in row.options or row.by_kernel],
        "may_hang": [row.point for row in rows if may_hang(row.type)],
    }


KINDS = ("mount", "mounts", "proc_mounts", "mountinfo", "disk")
SOURCES = (
    Source(kinds=KINDS, parse=parse, judge=judge, facts=facts),
    Source(kinds=(*KINDS, "findmnt"), parse=parse_findmnt, judge=judge, facts=facts),
)
