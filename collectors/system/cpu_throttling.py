"""Does a CPU quota hold the machine or a service back? Value: share of the periods in which it did."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from collectors import cgroups
from collectors.aftercare import recovered
from collectors.host import Host
from collectors.identity import clean
from collectors.judging import judged
from collectors.lasting import held
from collectors.rates import Rates
from collectors.unit import Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason

SIGNAL = "cpu.throttled"
COLLECTOR = Collector(signals=(SIGNAL,), layer=Layer.HOST)
LOOKS = 3
SATURATED, HIGH = 0.50, 0.25
"""Of the periods: a burst meets its quota now and then, and that is what it is for."""
MOST = 512
KEY = "cpus of the machine"
SHRUNK = 0.9


def read(host: Host) -> Iterable[Judgement]:
    for folder in cgroups.own(host, "cpu"):
        if not host.exists(f"{folder}/cpu.stat"):
            continue
        size, before = _sizes(host, folder)
        share = _share(host, folder)
        if share is not None:
            shrunk = size < SHRUNK * before
            reason = _reason(host, folder, share) if shrunk else Reason.OK
            subject = entity.host(host.name)
            yield judged(SIGNAL, subject, reason, round(share, 4), cpus=size, cpus_before=before)
        break
    yield from _services(host)


def _sizes(host: Host, folder: str) -> tuple[float, float]:
    """CPUs that the machine may use now, and most that it was ever seen to have.

    The quota that it was made with is its size: who uses all of it is saturated, not held back.
    """
    now = cgroups.cpu_quota(host, folder) or float(os.cpu_count() or 1)
    before = max(now, float(host.remembered.get(KEY, 0.0)))
    host.remembered[KEY] = before
    return round(now, 3), round(before, 3)


def _services(host: Host) -> Iterator[Judgement]:
    throttled: set[str] = set()
    for slice_ in (*cgroups.SLICES, *(f"{folder}/system.slice" for folder in cgroups.own(host, "cpu")[1:])):
        if not host.exists(slice_):
            continue
        for unit in sorted(host.list(slice_))[:MOST]:
            folder = f"{slice_}/{unit}"
            share = _share(host, folder) if unit.endswith(".service") else None
            if share is None:
                continue
            name = clean(unit.removesuffix(".service").replace("\\x2d", "-"))
            reason = _reason(host, folder, share)
            if reason is not Reason.OK:
                throttled.add(name)
                yield judged(SIGNAL, entity.service(host.name, name), reason, round(share, 4), unit=unit)
    for name in recovered(host, SIGNAL, throttled):
        yield judged(SIGNAL, entity.service(host.name, name), Reason.OK)


def _share(host: Host, folder: str) -> float | None:
    """None where there is no quota, or no second look yet (kernel: sched-bwc.rst)."""
    try:
        told = cgroups.table(host, f"{folder}/cpu.stat")
    except OSError:
        return None
    if not told.get("nr_periods"):
        return None
    counters = {name: told.get(name, 0) for name in ("nr_periods", "nr_throttled")}
    rates = Rates.of(host, folder).update(counters, host.ticks())
    if rates is None:
        return None
    return rates["nr_throttled"] / rates["nr_periods"] if rates["nr_periods"] else 0.0


def _reason(host: Host, folder: str, share: float) -> Reason:
    level = held(host, folder, share, LOOKS)
    return Reason.SATURATED if level >= SATURATED else Reason.HIGH if level >= HIGH else Reason.OK
