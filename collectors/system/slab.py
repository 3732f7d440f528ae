"""Does the kernel keep too much memory for itself, or ever more? Value: share that it cannot give back."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable

import msgspec

from collectors.host import JSON, Host
from collectors.judging import judged
from collectors.meminfo import meminfo
from collectors.parsing import lines_of
from collectors.source import Source
from collectors.system.memory_growth import LONG, Memory, Samples, growth
from collectors.unit import SECOND, Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason, Scalar

SIGNAL = "mem.slab"
COLLECTOR = Collector(signals=(SIGNAL,), layer=Layer.HOST, interval=60 * SECOND)
SHARE, LEAST = 0.25, 1024**3
AGAIN = 50.0
"""Seconds: a second look at a symptom is no sample of its own."""
MIB = 1024**2
ROW = re.compile(r"^(\S{1,64})\s+(\d{1,15})\s+(\d{1,15})\s+(\d{1,9})\s+(\d{1,9})\s+(\d{1,9})\s*(?::|$)")
HEAD = "slabinfo - version"


class Cache(msgspec.Struct, frozen=True):
    """One line of slabinfo(5)."""

    name: str
    active: int
    objects: int
    size: int

    @property
    def bytes(self) -> int:
        return self.objects * self.size


def read(host: Host) -> Iterable[Judgement]:
    """SUnreclaim of proc_meminfo(5); which cache it is, root may know."""
    figures = meminfo(host)
    kept, total = figures.get("SUnreclaim"), figures.get("MemTotal")
    if kept is None or not total:
        return
    samples: Samples = host.memory.setdefault("kept", deque(maxlen=LONG))
    if not samples or host.ticks() - samples[-1][0] >= AGAIN:
        samples.append((host.ticks(), kept))
    yield judge_slab(host, kept, total, growth(samples, Memory(figures.get("MemAvailable", total), total))[1])


def judge_slab(host: Host, kept: int, total: int, growing: float = 0.0) -> Judgement:
    """Bytes, and bytes per second of a growth that will not end before memory does."""
    high = growing > 0 or (kept >= SHARE * total and kept >= LEAST)
    facts: dict[str, Scalar] = _largest(host) if high else {}
    if growing:
        facts["mib_per_minute"] = round(growing * 60 / MIB, 2)
    reason = Reason.HIGH if high else Reason.OK
    return judged(
        SIGNAL, entity.host(host.name), reason, round(kept / total, 4), unreclaimable_mib=kept // MIB, **facts
    )


def _largest(host: Host) -> dict[str, Scalar]:
    try:
        caches = parse(host.read_bytes("/proc/slabinfo"))
    except (OSError, ValueError):
        return {}
    largest = max(caches, key=lambda one: one.bytes, default=None)
    return {"largest": largest.name, "largest_mib": largest.bytes // MIB} if largest else {}


def parse(raw: bytes) -> list[Cache]:
    """Raises ValueError for a text without slabinfo's head or rows."""
    lines = lines_of(raw)
    found = [
        Cache(match[1], int(match[2]), int(match[3]), int(match[4]))
        for line in lines
        if (match := ROW.match(line)) is not None
    ]
    if not found and not any(line.startswith(HEAD) for line in lines):
        raise ValueError("no slabinfo")
    return found


def judge(caches: list[Cache], host: Host) -> Iterable[Judgement]:
    """How much is too much depends on the machine's memory, which slabinfo does not tell."""
    del caches, host
    return ()


def facts(caches: list[Cache]) -> dict[str, JSON]:
    largest = sorted(caches, key=lambda one: -one.bytes)[:10]
    return {
        "caches": len(caches),
        "bytes": sum(one.bytes for one in caches),
        "largest": {one.name: one.bytes for one in largest},
    }


SOURCE = Source(kinds=("slab", "slabinfo"), parse=parse, judge=judge, facts=facts)
