"""What does the Ceph cluster say of its health? Value: the checks that it complains of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from collectors.asking import answered
from collectors.host import JSON, Host
from collectors.judging import judged
from collectors.parsing import at, object_of, real, said, whole
from collectors.source import Source
from collectors.storage.ceph_text import STATUS, status_of
from collectors.unit import Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason, Scalar

SIGNAL = "ceph.health"
KEYRING = "/etc/ceph/ceph.client.admin.keyring"
COLLECTOR = Collector(
    signals=(SIGNAL,), layer=Layer.HARDWARE, interval=60.0, timeout=20.0, risky=True, where=(KEYRING,)
)
DOCUMENT = re.compile(rb"^\s*\{", re.MULTILINE)
"""Before it the tool says what it warns of, or the number of its report."""
REASONS = {"HEALTH_OK": Reason.OK, "HEALTH_WARN": Reason.HIGH}


class Health(msgspec.Struct, frozen=True):
    status: str
    checks: dict[str, str]
    """Code such as ``OSD_DOWN`` → what it says."""
    used: float | None = None
    """Share of the raw space."""
    osds: dict[str, int] = {}
    """How many there are in all, and how many are up and in."""


def read(host: Host) -> Iterable[Judgement]:
    """``ceph health``, only where this host may ask: it has the administrator's key."""
    if host.exists(KEYRING):
        done = host.run(
            ["ceph", "health", "detail", "--format", "json", "--connect-timeout", "10"], timeout=15.0
        )
        subject = entity.pool(host.name, "ceph")
        yield from answered(done, parse, judge, host, otherwise=(SIGNAL, subject), tool="ceph")


def parse(raw: bytes) -> Health:
    """``ceph health``, ``ceph status`` and ``ceph insights``, JSON or not. Raises ValueError otherwise."""
    return _from_json(raw) if DOCUMENT.search(raw) else Health(*status_of(raw))


def _from_json(raw: bytes) -> Health:
    report = object_of(raw)
    for health in (
        at(report, "health", "current"), report.get("health"), report,
    ):  # fmt: skip
        status = said(at(health, "status")) or said(at(health, "overall_status"))
        if STATUS.fullmatch(status):
            checks = at(health, "checks")
            found = checks if isinstance(checks, dict) else {}
            told = {name[:64]: said(at(one, "summary", "message")) for name, one in found.items()}
            return Health(status, told, _used(report), _osds(report))
    raise ValueError("no HEALTH_OK, HEALTH_WARN or HEALTH_ERR")


def _used(report: dict[str, JSON]) -> float | None:
    total = real(at(report, "pgmap", "bytes_total")) or real(at(report, "df", "stats", "total_bytes"))
    used = real(at(report, "pgmap", "bytes_used")) or real(at(report, "df", "stats", "total_used_bytes"))
    return round(used / total, 4) if used and total else None


def _osds(report: dict[str, JSON]) -> dict[str, int]:
    """Releases before Octopus nest the map in itself."""
    names = {"all": "num_osds", "up": "num_up_osds", "in": "num_in_osds"}
    maps = (at(report, "osdmap", "osdmap"), at(report, "osdmap"))
    counts = ({name: whole(at(one, key)) for name, key in names.items()} for one in maps)
    told = ({name: count for name, count in one.items() if count is not None} for one in counts)
    return next((one for one in told if one), {})


def judge(found: Health, host: Host) -> Iterator[Judgement]:
    words: dict[str, Scalar] = {"status": found.status}
    if found.osds.get("up", 0) < found.osds.get("all", 0):
        words["osds"] = f"{found.osds.get('up', 0)} of {found.osds['all']} up"
    if found.checks:
        words["checks"] = "; ".join(f"{name}: {text}" for name, text in found.checks.items())[:1024]
    reason = REASONS.get(found.status, Reason.ERRORS)
    yield judged(SIGNAL, entity.pool(host.name, "ceph"), reason, len(found.checks), **words)


def facts(found: Health) -> dict[str, JSON]:
    return {"status": found.status, "checks": found.checks, "used": found.used, "osds": dict(found.osds)}


SOURCE = Source(
    kinds=("ceph", "ceph_health", "ceph_status", "ceph_insights"), parse=parse, judge=judge, facts=facts
)
