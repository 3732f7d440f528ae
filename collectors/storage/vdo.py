"""Have the VDO volumes physical room, and do they run? Values: 1 for one that does not; used share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from collectors.asking import answered
from collectors.host import JSON, Host
from collectors.judging import judged
from collectors.parsing import lines_of, real, whole
from collectors.source import Source
from collectors.unit import Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason, Scalar

HEALTH, SPACE = "vdo.volume", "pool.space"
COLLECTOR = Collector(
    signals=(HEALTH, SPACE),
    layer=Layer.HARDWARE,
    interval=120.0,
    timeout=25.0,
    risky=True,
    needs=("sys_admin",),
    where=("/sys/kvdo", "/sys/module/kvdo"),
)
LINE = re.compile(r"^(?P<indent> *)(?P<name>[^:#]{1,80}): ?(?P<value>.*)$")
FULL, HIGH = 0.95, 0.85
NORMAL = frozenset(["", "normal", "online", "recovering"])
MARK = "VDO status"
STATISTICS = re.compile(r"^/dev/(?:mapper/)?(?P<name>\S+)\s*:\s*$")
TABLE = re.compile(
    r"^(?:/dev/(?:mapper/)?)?(?P<name>\S+)\s+(?P<size>[\d.]{1,20}[KMGTP]?)\s+(?P<used>[\d.]{1,20}[KMGTP]?)\s+[\d.]+[KMGTP]?\s+"
    r"\d+%\s+(?:\d+%|N/A)\s*$"
)
"""Device 1K-blocks Used Available Use% Space saving%; or Size, in the units that people like."""


class Volume(msgspec.Struct, frozen=True):
    name: str
    values: dict[str, str]

    @property
    def used(self) -> float | None:
        """Of the physical blocks, which run out while the volume still looks empty."""
        size = whole(self.values.get("physical blocks", ""))
        data = whole(self.values.get("data blocks used", ""))
        overhead = whole(self.values.get("overhead blocks used", ""))
        if not size or data is None or overhead is None:
            size, data, overhead = whole(self.values.get("1K-blocks", "")), self.kilobytes, 0
        if not size or data is None:
            return None
        return min(1.0, (data + overhead) / size)

    @property
    def kilobytes(self) -> int | None:
        return whole(self.values.get("1K-blocks used", ""))


def read(host: Host) -> Iterable[Judgement]:
    """``vdo status``, only where the module is loaded."""
    if host.exists("/sys/module/kvdo") or host.exists("/sys/kvdo"):
        done = host.run(["vdo", "status"], timeout=20.0)
        subject = entity.pool(host.name, "vdo")
        yield from answered(done, parse, judge, host, otherwise=(HEALTH, subject), tool="vdo")


def parse(raw: bytes) -> list[Volume]:
    """``vdo status`` and ``vdostats``, with --verbose or not. Raises ValueError for other text."""
    lines = lines_of(raw)
    found: list[Volume] = []
    if not any(line.startswith(MARK) for line in lines):
        found = _statistics(lines)
        if not found:
            raise ValueError("neither VDO status nor statistics of a volume")
        return found
    inside, depth = False, 0
    for line in lines:
        match = LINE.match(line)
        if match is None:
            continue
        indent = len(match["indent"])
        if indent == 0:
            inside, depth = match["name"] == "VDOs", 0
        elif inside:
            depth = depth or indent
            if indent == depth:
                found.append(Volume(match["name"].strip(), {}))
            elif found and len(found[-1].values) < 256:
                found[-1].values.setdefault(match["name"].strip(), match["value"].strip())
    return found


def _statistics(lines: list[str]) -> list[Volume]:
    found: list[Volume] = []
    for line in lines:
        if head := STATISTICS.match(line):
            found.append(Volume(head["name"], {}))
        elif row := TABLE.match(line):
            told = {"1K-blocks": _blocks(row["size"]), "1K-blocks used": _blocks(row["used"])}
            found.append(Volume(row["name"], told))
        elif found and (match := LINE.match(line)) and len(found[-1].values) < 256:
            found[-1].values.setdefault(match["name"].strip(), match["value"].strip())
    return found


def _blocks(text: str) -> str:
    """``1.5G`` in blocks of 1 KiB."""
    power = "KMGTP".find(text[-1:])
    return text if power < 0 else str(int((real(text) or 0) * 1024**power))


def judge(found: list[Volume], host: Host) -> Iterator[Judgement]:
    for one in found:
        subject = entity.pool(host.name, one.name)
        mode = one.values.get("operating mode", "").lower()
        ready = one.values.get("Device mapper status", "")
        lost = "not available" in ready and one.values.get("Activate", "") == "enabled"
        reason = (
            Reason.STOPPED
            if lost or mode == "read-only"
            else Reason.OK
            if mode in NORMAL
            else Reason.DEGRADED
        )
        words: dict[str, Scalar] = {"mode": mode} if mode else {}
        yield judged(HEALTH, subject, reason, float(reason is not Reason.OK), **words)
        if one.used is not None:
            share = one.used
            full = Reason.FULL if share >= FULL else Reason.HIGH if share >= HIGH else Reason.OK
            yield judged(SPACE, subject, full, round(share, 4))


def facts(found: list[Volume]) -> dict[str, JSON]:
    return {"volumes": {one.name: dict(one.values) for one in found}}


SOURCE = Source(kinds=("vdo", "vdo_status"), parse=parse, judge=judge, facts=facts)
