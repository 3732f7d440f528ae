"""Reads what lsblk and findmnt print of block devices and what is mounted from them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from collectors.host import JSON, Host
from collectors.judging import judged
from collectors.parsing import lines_of, object_of, real, said
from collectors.source import Source
from wire import entity
from wire.judgement import Judgement, Reason

PAIR = re.compile(r'([A-Z][A-Z0-9:%_-]*)="([^"]*)"')
TREE = re.compile(r"^[\s│├└─`|\-]*")
COLUMN = re.compile(r"\S+")
HEADLESS = ("name", "maj:min", "rm", "size", "ro", "type", "mountpoint")
NUMBERED = re.compile(r"^[\s│├└─`|\-]*\S+\s+\d{1,4}:\d{1,8}\s+[01]\s")
MAPPED = re.compile(r"\(dm-\d{1,5}\)")
OFFLINE = frozenset(["offline", "transport-offline", "blocked", "dead"])
DEEPEST = 16
PACKED = frozenset(["squashfs", "iso9660", "erofs", "cramfs", "udf"])
"""Full by nature."""
FULL, HIGH = 98.0, 90.0


class Device(msgspec.Struct, frozen=True):
    name: str
    told: dict[str, str]
    """By the names of the columns, in small letters."""


def parse_json(raw: bytes) -> list[Device]:
    """``lsblk -J`` and ``findmnt -J``. Raises ValueError for other JSON."""
    tree = object_of(raw)
    levels = [tree[key] for key in ("blockdevices", "filesystems") if isinstance(tree.get(key), list)]
    if not levels:
        raise ValueError("neither blockdevices nor filesystems")
    return [one for level in levels for one in _flat(level, 0)]


def _flat(level: list[JSON], depth: int) -> Iterator[Device]:
    for one in level:
        if isinstance(one, dict):
            told = {
                key.lower(): _text(value) for key, value in one.items() if not isinstance(value, list | dict)
            }
            told |= _points(one)
            yield Device((said(one.get("name")) or said(one.get("target"))).removeprefix("/dev/"), told)
            below = one.get("children")
            if isinstance(below, list) and depth < DEEPEST:
                yield from _flat(below, depth + 1)


def _points(one: dict[str, JSON]) -> dict[str, str]:
    """Since util-linux 2.37 a device has a list of places where it is mounted."""
    points = one.get("mountpoints")
    told = [point for point in points if isinstance(point, str)] if isinstance(points, list) else []
    return {"mountpoint": told[0][:512]} if told else {}


def _text(value: JSON) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return "" if value is None else str(value)[:512]


def parse_pairs(raw: bytes) -> list[Device]:
    """``lsblk -P``. Raises ValueError for a text without NAME="…"."""
    rows = [{key.lower(): value for key, value in PAIR.findall(line)} for line in lines_of(raw)]
    found = [Device(row["name"].removeprefix("/dev/"), row) for row in rows if row.get("name")]
    if not found:
        raise ValueError('no NAME="…"')
    return found


def parse_table(raw: bytes) -> list[Device]:
    """Plain lsblk, with a head or without (-n). Raises ValueError for another text."""
    lines = lines_of(raw)
    at = next((at for at, line in enumerate(lines) if line.split()[:1] == ["NAME"]), None)
    names, heads = list(HEADLESS), list[re.Match[str]]()
    if at is not None:
        heads = list(COLUMN.finditer(lines[at]))
        names = [match[0].lower().replace("mountpoints", "mountpoint") for match in heads]
        lines = lines[at + 1 :]
    elif not any(NUMBERED.match(line) for line in lines):
        raise ValueError("neither the head of lsblk nor a device with its number")
    found: list[Device] = []
    for line in lines:
        words = TREE.sub("", line).split()
        words = [word for word in words if not MAPPED.fullmatch(word)]
        if len(words) == len(names) or not heads:
            row = dict(zip(names, words, strict=False))
        else:
            row = _placed(names, heads, MAPPED.sub(lambda found: " " * len(found[0]), line))
        if "name" in row:
            found.append(Device(row["name"], row))
        elif row and found:  # a long name has a line of its own
            found[-1] = Device(found[-1].name, row | found[-1].told)
    return found


def _placed(names: list[str], heads: list[re.Match[str]], line: str) -> dict[str, str]:
    """Cells may be empty: a word is of the column whose head it stands below, else of the one before it."""
    row: dict[str, str] = {}
    drawn = TREE.match(line)
    for word in COLUMN.finditer(line, drawn.end() if drawn else 0):
        start, end = word.span()
        below = [n for n, head in enumerate(heads) if start < head.end() and end > head.start()]
        before = [n for n, head in enumerate(heads) if head.start() <= start]
        of_tree = not row and start < heads[min(1, len(heads) - 1)].start()
        name = names[0 if of_tree or not before else below[0] if below else before[-1]]
        row[name] = f"{row[name]} {word[0]}" if name in row else word[0]
    return row


def judge(devices: list[Device], host: Host) -> Iterable[Judgement]:
    for one in devices:
        if one.told.get("state") in OFFLINE:
            subject = entity.disk(host.name, one.name)
            yield judged("disk.controller", subject, Reason.STOPPED, None, state=one.told["state"])
        share = real(one.told.get("use%") or one.told.get("fsuse%") or "")
        point = one.told.get("target") or one.told.get("mountpoint") or ""
        packed = "loop" in one.name or one.told.get("fstype") in PACKED
        if share is not None and point.startswith("/") and not packed:
            reason = Reason.FULL if share >= FULL else Reason.HIGH if share > HIGH else Reason.OK
            yield judged("fs.space", entity.fs(host.name, point), reason, share / 100)


def facts(devices: list[Device]) -> dict[str, JSON]:
    return {
        "devices": {one.name: one.told for one in devices},
        "mounted": {
            point: one.told.get("source") or one.name
            for one in devices
            if (point := one.told.get("mountpoint") or one.told.get("target") or "")
        },
        "offline": [one.name for one in devices if one.told.get("state") in OFFLINE],
    }


KINDS = ("lsblk", "disk", "findmnt")
SOURCES = tuple(
    Source(kinds=KINDS, parse=parse, judge=judge, facts=facts)
    for parse in (parse_json, parse_pairs, parse_table)
)
