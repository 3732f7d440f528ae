"""Does work wait for CPU, memory or disks? Value: percent of the time since the last look."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from collectors.host import Host
from collectors.judging import judged
from collectors.lasting import held
from collectors.system.psi import stall
from collectors.unit import Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason, unknown


class Limit(msgspec.Struct, frozen=True):
    """When waiting becomes a symptom: percent, over so many looks in a row."""

    saturated: float
    high: float
    looks: int
    everybody: bool
    """What counts is that nobody at all could run meanwhile."""


LIMITS = {
    "cpu": ("cpu.pressure", Limit(saturated=80.0, high=60.0, looks=4, everybody=False)),
    "memory": ("mem.pressure", Limit(saturated=20.0, high=10.0, looks=3, everybody=True)),
    "io": ("io.pressure", Limit(saturated=80.0, high=60.0, looks=12, everybody=True)),
}
"""A compilation, a backup or a start keeps others waiting for a while; that alone is no fault."""
COLLECTOR = Collector(signals=tuple(signal for signal, _ in LIMITS.values()), layer=Layer.HOST, interval=5.0)


def read(host: Host) -> Iterable[Judgement]:
    subject = entity.host(host.name)
    for resource, (signal, limit) in LIMITS.items():
        told = stall(host, resource)
        if told is None:
            yield unknown(signal, subject, Reason.NOT_SUPPORTED, source=f"/proc/pressure/{resource}")
            continue
        share = told.full if limit.everybody else told.some
        level = held(host, signal, share, limit.looks)
        yield judged(
            signal,
            subject,
            _reason(level, limit),
            round(share, 1),
            some_percent=round(told.some, 1),
            full_percent=round(told.full, 1),
        )


def _reason(level: float, limit: Limit) -> Reason:
    if level >= limit.saturated:
        return Reason.SATURATED
    return Reason.HIGH if level >= limit.high else Reason.OK
