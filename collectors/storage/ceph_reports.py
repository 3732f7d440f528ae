"""Reads the other reports of Ceph, JSON or tables: which OSDs are down or nearly full."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from collectors.host import JSON, Host
from collectors.judging import judged
from collectors.parsing import at, object_of, objects, real, said
from collectors.source import Source
from collectors.storage.ceph import DOCUMENT, SIGNAL
from collectors.storage.ceph_text import osds_of
from wire import entity
from wire.judgement import Judgement, Reason

LISTS = (
    "nodes",
    "osd_tree",
    "osds",
    "pools",
    "stray",
    "summary",
    "monmap",
    "stats",
    "plugin",
    "k",
    "versions",
    "servicemap",
)
FULL = 85.0
"""Percent of one OSD, as Ceph's own nearfull ratio."""


class Report(msgspec.Struct, frozen=True):
    keys: list[str]
    osds: dict[str, str]
    """Name → up or down."""
    used: dict[str, float]
    """Name → percent."""


def parse(raw: bytes) -> Report:
    """``ceph osd tree``, ``osd df``, ``osd dump``, ``df``. Raises ValueError for other text."""
    if not DOCUMENT.search(raw):
        states, shares = osds_of(raw)
        if not states and not shares:
            raise ValueError("neither JSON nor a table of OSDs")
        return Report([], states, shares)
    tree = object_of(raw)
    if not any(key in tree for key in LISTS):
        raise ValueError("no list of OSDs or pools")
    osds: dict[str, str] = {}
    used: dict[str, float] = {}
    for one in objects(at(tree, "osd_tree", "nodes") or tree.get("nodes")):
        name = said(one.get("name"), 64)
        if said(one.get("type")) == "osd" and name:
            if status := said(one.get("status"), 16):
                osds[name] = status
            if (share := real(one.get("utilization"))) is not None:
                used[name] = round(share, 2)
    for one in objects(tree.get("osds")):
        if at(one, "up") is not None:
            osds[f"osd.{one.get('osd')}"[:64]] = "up" if one.get("up") == 1 else "down"
    return Report(sorted(tree)[:64], osds, used)


def judge(found: Report, host: Host) -> Iterator[Judgement]:
    down = [name for name, status in found.osds.items() if status != "up"]
    full = [name for name, share in found.used.items() if share >= FULL]
    if found.osds or found.used:
        reason = Reason.HIGH if down or full else Reason.OK
        words = "; ".join([*(f"{name} down" for name in down), *(f"{name} nearly full" for name in full)])[
            :512
        ]
        told = {"found": words} if words else {}
        yield judged(SIGNAL, entity.pool(host.name, "ceph"), reason, len(down) + len(full), **told)


def facts(found: Report) -> dict[str, JSON]:
    return {"keys": found.keys, "osds": found.osds, "used": found.used}


SOURCE = Source(
    kinds=("ceph", "ceph_osd_tree", "ceph_osd_df", "ceph_osd_dump", "ceph_df"),
    parse=parse,
    judge=judge,
    facts=facts,
)
