"""Reads what docker and podman print: containers, images, and their own state (info)."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from collectors.host import JSON, Host
from collectors.identity import clean
from collectors.judging import judged
from collectors.parsing import flush_lines, real
from collectors.services.containers import STATE
from collectors.source import Source
from wire import entity
from wire.judgement import Judgement, Reason

COLUMN = re.compile(r"[A-Z][A-Z ]*?(?=\s{2,}|\s*$)")
HEAD = re.compile(
    r"^(?:CONTAINER ID|REPOSITORY|NAMES?|ID|IMAGE|STATUS)\b(?=.*\b(?:STATUS|NAMES?|TAG)\b)[A-Z ]+$"
)
"""Of ``ps`` and ``images`` in any order of columns, and of compose, which says NAME."""
CELLS = re.compile(r"\s{2,}")
SAID = re.compile(r"^(?:Up|Exited|Restarting|Created|Paused|Dead|Removal)\b")
EXITED = re.compile(r"Exited \((\d{1,3})\)")
MEANT = frozenset(["0", "137", "143"])
"""Ended well, or somebody stopped it."""
UNITS = {"": 1.0, "b": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12}
SIZE = re.compile(r"([\d.]{1,20})\s*([kmgtKMGT]?)(i?)[bB]")
MOST = 10_000


class Listing(msgspec.Struct, frozen=True):
    containers: dict[str, dict[str, str]]
    images: list[dict[str, str]]
    info: dict[str, str]
    complaint: str


def parse(raw: bytes) -> Listing:
    """Raises ValueError for an empty text."""
    lines = [line for line in flush_lines(raw)[:MOST] if line.strip()]
    if not lines:
        raise ValueError("empty")
    at = next((at for at, line in enumerate(lines) if HEAD.match(line)), None)
    if at is not None:
        rows = _rows(lines[at], lines[at + 1 :])
        if "REPOSITORY" in lines[at]:
            return Listing({}, rows, {}, "")
        return Listing({_name(row): row for row in rows}, [], {}, "")
    info = dict(_pair(line) for line in lines if ":" in line)
    known = {"Containers", "Server Version", "Storage Driver", "Images"} & info.keys()
    return Listing({}, [], info, "") if known else Listing({}, [], {}, lines[0])


def _pair(line: str) -> tuple[str, str]:
    key, _, value = line.partition(":")
    return key.strip(), value.strip()


def _name(row: dict[str, str]) -> str:
    return row.get("NAMES") or row.get("NAME") or row.get("CONTAINER ID") or row.get("ID") or ""


def _rows(head: str, lines: list[str]) -> list[dict[str, str]]:
    """Columns stand where their names do; a value may hold single blanks, and may be missing."""
    columns = [(match[0], match.start()) for match in COLUMN.finditer(head)]
    return [_row(columns, line) for line in lines]


def _row(columns: list[tuple[str, int]], line: str) -> dict[str, str]:
    """Where an editor has moved the columns, the cells are told by the blanks between them."""
    starts = [start for _, start in columns]
    if all(start == 0 or line[start - 1 : start].strip() == "" for start in starts):
        ends = [*starts[1:], 1 << 20]
        return {name: line[start:end].strip() for (name, start), end in zip(columns, ends, strict=True)}
    names = [name for name, _ in columns]
    cells = CELLS.split(line.strip())
    if len(cells) == len(names) - 1 and "PORTS" in names:  # the one column that is often empty
        names.remove("PORTS")
    row = dict(zip(names, cells, strict=False))
    said = next((cell for cell in cells if SAID.match(cell)), "")
    return row | ({"STATUS": said} if said else {})


def judge(listing: Listing, host: Host) -> Iterable[Judgement]:
    for name, row in listing.containers.items():
        status = row.get("STATUS", "")
        reason = _reason(status)
        if reason is not None:
            yield judged(STATE, entity.service(host.name, clean(name)), reason, None, status=status)


def _reason(status: str) -> Reason | None:
    """None of one that ended: by a listing alone nobody knows whether it should run."""
    if status.startswith("Restarting"):
        return Reason.RESTARTING
    if status.startswith("Dead"):
        return Reason.STOPPED
    if "(unhealthy)" in status:
        return Reason.HUNG
    return Reason.OK if status.startswith("Up") else None


def facts(listing: Listing) -> dict[str, JSON]:
    found: dict[str, JSON] = {
        "containers": {name: row.get("STATUS", "") for name, row in listing.containers.items()},
        "images": [row.get("REPOSITORY", "") for row in listing.images],
        "failed": [name for name, row in listing.containers.items() if _failed(row.get("STATUS", ""))],
        "info": listing.info,
    }
    share = _used(listing.info)
    if share is not None:
        found["data_space_used"] = round(share, 4)
    return found | ({"complaint": listing.complaint} if listing.complaint else {})


def _failed(status: str) -> bool:
    match = EXITED.match(status)
    return match is not None and match[1] not in MEANT


def _used(info: dict[str, str]) -> float | None:
    used, total = (_bytes(info.get(f"Data Space {name}", "")) for name in ("Used", "Total"))
    return used / total if used is not None and total else None


def _bytes(text: str) -> float | None:
    match = SIZE.search(text)
    number = real(match[1]) if match is not None else None
    return number * UNITS[match[2].lower()] if match is not None and number is not None else None


KINDS = ("docker", "docker_ps", "docker_info", "docker_images", "podman", "podman_ps", "podman_info")
SOURCE = Source(kinds=KINDS, parse=parse, judge=judge, facts=facts)
