"""Do the disks count what dying disks count? Values: the gravest count, and degrees Celsius."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from collectors.host import JSON, Host
from collectors.parsing import at, object_of, objects, said
from collectors.source import Source
from collectors.storage.smart_facts import Smart, facts_of
from collectors.storage.smart_json import parse_json
from collectors.storage.smart_judge import HEALTH, TEMPERATURE, judge, subject_of
from collectors.storage.smart_text import parse_text
from collectors.unit import Collector
from wire.judgement import Judgement, Layer, Reason, unknown

COLLECTOR = Collector(
    signals=(HEALTH, TEMPERATURE),
    layer=Layer.HARDWARE,
    interval=300.0,
    timeout=60.0,
    risky=True,
    needs=("dac_read_search", "sys_rawio", "sys_admin"),
    where=("/sys/block/sd*", "/sys/block/nvme*n*", "/sys/block/hd*"),
)
SECONDS = 10.0
"""For one disk: one that is dying takes its time."""
ENOUGH_SECONDS = 45.0
SCAN_SECONDS = 3600.0
MOST = 128
PHYSICAL = ("sd", "hd", "nvme")


def read(host: Host) -> Iterable[Judgement]:
    """``smartctl --json -x`` of each disk that smartctl finds; a disk that sleeps is not woken."""
    present = [name for name in host.list("/sys/block") if name.startswith(PHYSICAL)]
    if not present:
        return
    found = host.cached("smartctl --scan", SCAN_SECONDS, lambda: _scan(host))
    if found is None:
        for name in present:
            yield unknown(HEALTH, subject_of(host, f"/dev/{name}"), Reason.TOOL_MISSING, tool="smartctl")
        return
    until = host.ticks() + ENOUGH_SECONDS
    for device, kind in found or [(f"/dev/{name}", "") for name in present]:
        label = f"{device} [{kind.rpartition('+')[2]}]" if "," in kind else device
        if host.ticks() < until:
            yield from _one(host, device, kind, label)
        else:  # others wait for the worker too
            yield unknown(HEALTH, subject_of(host, label), Reason.DEADLINE, note="other disks took too long")


def _scan(host: Host) -> list[tuple[str, str]] | None:
    """None where there is no smartctl."""
    done = host.run(["smartctl", "--scan", "--json"], timeout=SECONDS)
    if done.missing:
        return None
    try:
        return [(device, kind) for device, kind in _devices(object_of(done.out))][:MOST]
    except ValueError:
        return []


def _devices(report: dict[str, JSON]) -> Iterator[tuple[str, str]]:
    for one in objects(report.get("devices")):
        device = said(one.get("name"))
        if device.startswith("/dev/"):
            yield device, said(one.get("type"))


def _one(host: Host, device: str, kind: str, label: str) -> Iterator[Judgement]:
    chosen = ["-d", kind] if kind else []
    done = host.run(["smartctl", "--json", "-x", "-n", "standby", *chosen, "--", device], timeout=SECONDS)
    if done.late:
        yield unknown(HEALTH, subject_of(host, label), Reason.DEADLINE, tool="smartctl")
        return
    try:
        yield from judge(parse_json(done.out), host)
    except ValueError as error:
        yield unknown(HEALTH, subject_of(host, label), Reason.UNREADABLE, error=str(error))


def _parse_scan(raw: bytes) -> list[dict[str, JSON]]:
    report = object_of(raw)
    if not isinstance(report.get("devices"), list) or "smartctl" not in report:
        raise ValueError("no list of devices from smartctl --scan")
    return list(objects(report["devices"]))


def _nothing(_found: object, _host: Host) -> Iterable[Judgement]:
    return ()


def _listed(found: list[dict[str, JSON]]) -> dict[str, JSON]:
    return {"devices": {said(one.get("name")): said(at(one, "protocol")) for one in found}}


KINDS = ("smartctl", "smartctl_json", "smartctl_text", "smart")
SOURCES = (
    Source[Smart](kinds=KINDS, parse=parse_json, judge=judge, facts=facts_of),
    Source(kinds=KINDS, parse=_parse_scan, judge=_nothing, facts=_listed),
    Source[Smart](kinds=KINDS, parse=parse_text, judge=judge, facts=facts_of),
)
