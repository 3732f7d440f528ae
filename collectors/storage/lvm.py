"""Are the volume groups whole, and have thin pools room? Values: missing disks; used share of a pool."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from collectors.host import JSON, Host
from collectors.judging import judged
from collectors.parsing import real, text_of
from collectors.source import Source
from collectors.storage.lvm_rows import Row, rows_of, warnings_of
from collectors.sysfs import names
from collectors.unit import Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason, Scalar, unknown

HEALTH, SPACE = "lvm.group", "pool.space"
COLLECTOR = Collector(
    signals=(HEALTH, SPACE),
    layer=Layer.HARDWARE,
    interval=60.0,
    timeout=20.0,
    risky=True,
    needs=("dac_read_search", "sys_admin"),
    where=("/etc/lvm/backup/*", "/sys/block/dm-*"),
)
COMMAND = (
    "lvm", "fullreport", "--reportformat", "json", "--nolocking", "--units", "b",
    "--configreport", "vg", "-o", "vg_name,vg_attr,vg_size,vg_free,vg_missing_pv_count",
    "--configreport", "pv", "-o", "pv_name,vg_name,pv_attr,pv_missing",
    "--configreport", "lv",
    "-o", "lv_name,vg_name,lv_attr,data_percent,metadata_percent,lv_health_status,pool_lv,copy_percent",
    "--configreport", "pvseg", "-o", "pv_uuid", "--configreport", "seg", "-o", "lv_uuid",
)  # fmt: skip
FULL, HIGH = 95.0, 85.0
"""Percent. A thin pool that runs full fails the writes of every volume in it."""
HIDDEN = re.compile(r"_(?:tdata|tmeta|rimage_\d+|rmeta_\d+|mimage_\d+|mlog|pmspare|cdata|cmeta)\]?$")
OUT_OF_SPACE = frozenset(["out_of_data", "metadata_read_only"])
"""What a thin pool calls its health when it is full: told of the pool, and its group is whole."""
EMPTY = re.compile(rb'^\s*\{\s*"report"\s*:\s*\[')
"""A report in JSON without a row: a machine without LVM."""
PERCENT = re.compile(r"\d{1,3}(?:\.\d+)?$")


class Lvm(msgspec.Struct, frozen=True, kw_only=True):
    """Rows by field name, as the tools name them."""

    vg: list[Row]
    pv: list[Row]
    lv: list[Row]
    warnings: list[str] = []
    settings: Row = {}


def read(host: Host) -> Iterable[Judgement]:
    """``lvm fullreport``, where the kernel maps devices and something of LVM is mapped or configured."""
    if not host.exists("/sys/class/misc/device-mapper") and not host.exists("/run/lvm"):
        return
    if not (names(host, "/etc/lvm/backup") or _mapped(host)):
        return
    done = host.run(COMMAND, timeout=15.0)
    if done.missing:
        if _mapped(host):
            yield unknown(HEALTH, entity.host(host.name), Reason.TOOL_MISSING, tool="lvm")
        return
    try:
        yield from judge(parse(done.out + b"\n" + done.err), host)
    except ValueError as error:
        if done.ok:  # no volume group, after all
            return
        reason = Reason.DEADLINE if done.late else Reason.UNREADABLE
        yield unknown(HEALTH, entity.host(host.name), reason, error=str(error), tool="lvm")


def _mapped(host: Host) -> bool:
    try:
        devices = [name for name in host.list("/sys/block") if name.startswith("dm-")]
        return any(host.read(f"/sys/block/{name}/dm/uuid", 64).startswith("LVM-") for name in devices)
    except OSError:
        return False


def parse(raw: bytes) -> Lvm:
    """Raises ValueError for what none of the tools of LVM prints."""
    rows = rows_of(raw)
    found = Lvm(
        vg=rows["vg"], pv=rows["pv"], lv=rows["lv"], warnings=warnings_of(raw), settings=_settings(raw)
    )
    told = found.vg or found.pv or found.lv or found.warnings or found.settings
    if not told and not EMPTY.search(raw):
        raise ValueError("no row of pvs, vgs or lvs")
    return found


def _settings(raw: bytes) -> Row:
    """Of lvm.conf and of the file of devices."""
    pattern = re.compile(r"^[ \t]*(?P<name>[A-Za-z_]{2,40})[ \t]*=[ \t]*(?P<value>\S.{0,255})$", re.MULTILINE)
    return {one["name"]: one["value"].strip() for one in pattern.finditer(text_of(raw))}


def judge(found: Lvm, host: Host) -> Iterator[Judgement]:
    missing = _missing(found)
    groups = [name for row in (*found.vg, *found.pv, *found.lv) if (name := row.get("vg_name", ""))]
    for name in dict.fromkeys(groups):
        yield _group(found, name, missing.get(name, []), host)
    if "" in missing and not groups:
        yield judged(
            HEALTH, entity.pool(host.name, "lvm"), Reason.MISSING, 1, found="; ".join(missing[""])[:512]
        )
    for row in found.lv:
        yield from _volume(row, host)


def _missing(found: Lvm) -> dict[str, list[str]]:
    """Volume group → what is missing of it."""
    gone: dict[str, list[str]] = {}
    for row in found.pv:
        name = row.get("pv_name", "")
        lost = (
            "unknown" in name
            or row.get("pv_missing")
            or row.get("attr", row.get("pv_attr", "")).endswith("m")
        )
        if lost:
            gone.setdefault(row.get("vg_name", ""), []).append(name or row.get("pv_uuid", "?"))
    for row in found.vg:
        partial = row.get("attr", row.get("vg_attr", ""))[3:4] == "p" or row.get("vg_partial")
        if (partial or (real(row.get("vg_missing_pv_count")) or 0) > 0) and row.get("vg_name"):
            gone.setdefault(row["vg_name"], []).append("a physical volume")
    for line in found.warnings:
        if "Couldn't find device with uuid" in line or "is missing PV" in line or "unknown device" in line:
            group = re.search(r"\bVG (\S+)", line)
            gone.setdefault(group[1].rstrip(",.") if group else "", []).append(line)
    return gone


def _group(found: Lvm, name: str, missing: list[str], host: Host) -> Judgement:
    broken = [
        f"{row.get('lv_name')} {row['lv_health_status']}"
        for row in found.lv
        if row.get("vg_name") == name and row.get("lv_health_status", "") not in {"", *OUT_OF_SPACE}
    ]
    partial = [
        row.get("lv_name", "")
        for row in found.lv
        if row.get("vg_name") == name and _attr(row)[8:9] in ("p", "r", "X", "F")
    ]
    reason = Reason.MISSING if missing else Reason.DEGRADED if broken or partial else Reason.OK
    facts: dict[str, Scalar] = {}
    if missing or broken or partial:
        facts["found"] = "; ".join([*missing, *broken, *partial])[:512]
    return judged(HEALTH, entity.pool(host.name, name), reason, len(missing), **facts)


def _attr(row: Row) -> str:
    return row.get("lv_attr") or row.get("attr", "")


def _volume(row: Row, host: Host) -> Iterator[Judgement]:
    """Pools and snapshots fill; a thin volume that is full of data is merely used."""
    name, attr = row.get("lv_name", "").strip("[]"), _attr(row)
    data, metadata = (_percent(row.get(key, "")) for key in ("data_percent", "metadata_percent"))
    if attr[:1] not in ("t", "s", "S", "d") or data is None or HIDDEN.search(name):
        return
    fullest = max(data, metadata or 0.0)
    invalid = attr[:1] == "S" or attr[8:9] in ("M", "D")
    reason = Reason.FULL if fullest >= FULL or invalid else Reason.HIGH if fullest >= HIGH else Reason.OK
    facts: dict[str, Scalar] = {"data_percent": data, "kind": "snapshot" if attr[:1] in "sS" else "thin pool"}
    if metadata is not None:
        facts["metadata_percent"] = metadata
    subject = entity.pool(host.name, f"{row.get('vg_name', '')}/{name}".lstrip("/"))
    yield judged(SPACE, subject, reason, round(fullest / 100, 4), **facts)


def _percent(text: str) -> float | None:
    return float(text) if PERCENT.match(text.strip()) else None


def facts(found: Lvm) -> dict[str, JSON]:
    told: dict[str, JSON] = {kind: rows for kind in ("vg", "pv", "lv") if (rows := getattr(found, kind))}
    if found.warnings:
        told["warnings"] = found.warnings
    if found.settings and not told:
        told["settings"] = found.settings
    return told


SOURCE = Source(kinds=("lvm", "pvs", "vgs", "lvs", "lvm_fullreport"), parse=parse, judge=judge, facts=facts)
