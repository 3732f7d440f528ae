"""Does work wait for CPU, memory or disks? Value: percent of the last 10 seconds."""

from __future__ import annotations

from collections.abc import Iterable

from collectors.host import Host
from collectors.judging import judged
from collectors.psi import Stall, stall
from collectors.unit import Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason, unknown

SIGNALS = {"cpu": "cpu.pressure", "memory": "mem.pressure", "io": "io.pressure"}
COLLECTOR = Collector(signals=tuple(SIGNALS.values()), layer=Layer.HOST, interval=5.0)


def read(host: Host) -> Iterable[Judgement]:
    subject = entity.host(host.name)
    for resource, signal in SIGNALS.items():
        told = stall(host, resource)
        if told is None:
            yield unknown(signal, subject, Reason.NOT_SUPPORTED, source=f"/proc/pressure/{resource}")
            continue
        value = told.some_10 if resource == "cpu" else told.full_10
        yield judged(
            signal,
            subject,
            JUDGES[resource](told),
            value,
            some_10s=told.some_10,
            some_60s=told.some_60,
            full_10s=told.full_10,
            full_60s=told.full_60,
        )


def _cpu(told: Stall) -> Reason:
    """Some waiting is what a busy machine does; most of the time for a minute is too little CPU."""
    if told.some_10 >= 85 and told.some_60 >= 60:
        return Reason.SATURATED
    return Reason.HIGH if told.some_60 >= 60 else Reason.OK


def _memory(told: Stall) -> Reason:
    if told.full_10 >= 20 and told.full_60 >= 5:
        return Reason.SATURATED
    return Reason.HIGH if told.some_60 >= 20 else Reason.OK


def _io(told: Stall) -> Reason:
    """A backup or a start keeps everybody waiting for half a minute; that alone is no fault."""
    if told.full_10 >= 80 and told.full_60 >= 60:
        return Reason.SATURATED
    return Reason.HIGH if told.full_60 >= 50 else Reason.OK


JUDGES = {"cpu": _cpu, "memory": _memory, "io": _io}
