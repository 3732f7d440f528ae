"""Reads /proc/meminfo as recorded, and judges it as the live one."""

from __future__ import annotations

import re
from collections.abc import Iterable

from collectors.host import JSON, Host
from collectors.meminfo import KIB
from collectors.parsing import lines_of
from collectors.source import Source
from collectors.system.huge_pages import judge_huge_pages
from collectors.system.memory import judge_memory
from collectors.system.slab import judge_slab
from wire.judgement import Judgement

ROW = re.compile(r"^(\w[\w()]{1,40}):\s+(\d{1,18})(\s+kB)?\s*$")


def parse(raw: bytes) -> dict[str, int]:
    """Raises ValueError for a text without MemTotal or MemFree."""
    found = {match[1]: int(match[2]) for line in lines_of(raw) if (match := ROW.match(line)) is not None}
    if not {"MemTotal", "MemFree"} & found.keys():
        raise ValueError("neither MemTotal nor MemFree")
    return found


def judge(figures: dict[str, int], host: Host) -> Iterable[Judgement]:
    total = figures.get("MemTotal", 0)
    free = figures.get("MemAvailable")
    if free is None:  # kernels before 3.14
        free = sum(figures.get(name, 0) for name in ("MemFree", "Buffers", "Cached"))
    if total:
        yield judge_memory(host, free * KIB, total * KIB)
        kept = figures.get("SUnreclaim", 0)
        yield judge_slab(host, kept * KIB, total * KIB)
        if "HugePages_Free" in figures:
            idle = max(0, figures["HugePages_Free"] - figures.get("HugePages_Rsvd", 0))
            size = figures.get("Hugepagesize", 0)
            yield judge_huge_pages(host, idle * size * KIB, free * KIB, total * KIB)


def facts(figures: dict[str, int]) -> dict[str, JSON]:
    return dict(figures)


SOURCE = Source(kinds=("meminfo", "proc_meminfo"), parse=parse, judge=judge, facts=facts)
