"""Tables of the LVM reporting commands in all their forms: columns, pairs, JSON (lvmreport(7))."""

from __future__ import annotations

import re

from collectors.parsing import at, json_of, lines_of, objects, said

PAIR = re.compile(r"(?P<name>[A-Z][A-Z0-9_]{1,48})=(?P<quote>['\"])(?P<value>[^'\"]{0,4096})(?P=quote)")
HEADS = {"VG": "vg", "PV": "pv", "LV": "lv"}
FIELDS = {
    "VG": "vg_name", "LV": "lv_name", "PV": "pv_name", "Data%": "data_percent", "Snap%": "data_percent",
    "Meta%": "metadata_percent", "VSize": "vg_size", "VFree": "vg_free", "PSize": "pv_size",
    "PFree": "pv_free", "LSize": "lv_size", "Pool": "pool_lv", "Origin": "origin", "#PV": "pv_count",
    "#LV": "lv_count", "#SN": "snap_count", "Cpy%Sync": "copy_percent", "Copy%": "copy_percent",
    "PV UUID": "pv_uuid", "VG UUID": "vg_uuid", "LV UUID": "lv_uuid", "Health": "lv_health_status",
    "Fmt": "pv_fmt", "DevSize": "dev_size", "Missing": "pv_missing",
}  # fmt: skip
"""Head of a column → the field's name."""
ALIASES = {"SNAP_PERCENT": "data_percent", "COPY_PERCENT": "copy_percent"}
COLUMN = re.compile(r"(?:PV|VG|LV) (?:UUID|Tags)|\S+")
Row = dict[str, str]


def rows_of(raw: bytes) -> dict[str, list[Row]]:
    """``vg``, ``pv`` and ``lv`` → rows by field name; what is said between them (warnings) is passed over."""
    found: dict[str, list[Row]] = {"vg": [], "pv": [], "lv": []}
    lines = lines_of(raw)
    if any(line.lstrip().startswith("{") for line in lines):
        _json(lines, found)
    for line in lines:
        pairs = {match["name"]: match["value"].strip() for match in PAIR.finditer(line)}
        if pairs:
            row = {_field(name): value for name, value in pairs.items()}
            found[_kind(row)].append(row)
    if not any(found.values()):
        _columns(lines, found)
    for row in found["lv"]:
        if "vg_name" not in row and "/" in row.get("lv_full_name", ""):
            row["vg_name"], _, row["lv_name"] = row["lv_full_name"].partition("/")
    return found


def warnings_of(raw: bytes) -> list[str]:
    """Lines that the tools say beside the table."""
    words = (
        "warning",
        "missing",
        "couldn't find",
        "unknown device",
        "error",
        "failed",
        "not found",
        "duplicate",
    )
    return [
        line.strip()[:256]
        for line in lines_of(raw)
        if "=" not in line and any(w in line.lower() for w in words)
    ][:32]


def _field(name: str) -> str:
    bare = name.removeprefix("LVM2_")
    return ALIASES.get(bare, bare.lower())


def _kind(row: Row) -> str:
    if "lv_name" in row or "lv_full_name" in row:
        return "lv"
    return "pv" if "pv_name" in row or "pv_uuid" in row else "vg"


def _json(lines: list[str], found: dict[str, list[Row]]) -> None:
    """Warnings stand before and even inside the document: only lines that can be of JSON are kept."""
    kept = [line for line in lines if re.match(r'^\s*(?:[\[\]{},"]|$)', line)]
    try:
        report = json_of("\n".join(kept).encode())
    except ValueError:
        return
    for part in objects(at(report, "report")):
        for kind, rows in found.items():
            rows += [{name: said(value) for name, value in row.items()} for row in objects(part.get(kind))]


def _columns(lines: list[str], found: dict[str, list[Row]]) -> None:
    """Values stand below the head of their column, to its left or right edge: a value belongs to the head
    that it overlaps. Lines that fit no column end the table.
    """
    heads: list[tuple[str, int, int]] = []
    kind = ""
    for line in lines:
        words = line.split()
        if len(words) >= 3 and words[0] in HEADS and ("Attr" in words or "VG" in words[1:]):
            heads = [(match[0], match.start(), match.end()) for match in COLUMN.finditer(line)]
            kind = HEADS[words[0]]
        elif heads and words:
            row = _row(line, heads)
            if row and re.fullmatch(r"(?=.*-)[a-zA-Z-]{2,12}", row.get("attr", "")):
                found[kind].append(row)


def _row(line: str, heads: list[tuple[str, int, int]]) -> Row:
    row: Row = {}
    for match in re.finditer(r"\S+(?: \S+)*?(?=\s|$)", line):
        best, overlap = "", 0
        for name, start, end in heads:
            shared = min(match.end(), end) - max(match.start(), start)
            if shared > overlap:
                best, overlap = name, shared
        if best:
            row.setdefault(FIELDS.get(best, best.lower()), match[0])
    return row
