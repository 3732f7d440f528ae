"""Do the processors slow down because they are too hot? Value: times a minute."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from collectors.host import JSON, Host
from collectors.judging import judged
from collectors.rates import Rates
from collectors.source import TreeSource
from collectors.sysfs import Files, names
from collectors.unit import Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason

SIGNAL = "hw.throttle"
COLLECTOR = Collector(
    signals=(SIGNAL,),
    layer=Layer.HARDWARE,
    interval=30.0,
    where=("/sys/devices/system/cpu/cpu0/thermal_throttle",),
)
CPUS = "/sys/devices/system/cpu"
LOOKS = 3
"""So many looks in a row; a laptop under a short load throttles for a moment."""


class Throttling(msgspec.Struct, frozen=True):
    times: int
    """Over all cores and packages since boot."""
    files: dict[str, str]


def read(host: Host) -> Iterable[Judgement]:
    found = gather(host)
    if found is not None:
        yield from judge(found, host)


def gather(host: Host) -> Throttling | None:
    """Intel's counters; None where the processor has none, as in most virtual machines."""
    files = Files(host)
    times = 0
    for cpu in names(host, CPUS, r"cpu\d+") if host.exists(f"{CPUS}/cpu0/thermal_throttle") else ():
        folder = f"{CPUS}/{cpu}/thermal_throttle"
        times += sum(files.number(f"{folder}/{kind}_throttle_count") or 0 for kind in ("core", "package"))
    return Throttling(times, files.read) if files.read else None


def judge(found: Throttling, host: Host) -> Iterator[Judgement]:
    rates = Rates.of(host, "throttle").update({"times": found.times}, host.ticks())
    if rates is None:
        return
    run = host.memory.get("throttled", 0) + 1 if rates["times"] > 0 else 0
    host.memory["throttled"] = run
    reason = Reason.HIGH if run >= LOOKS else Reason.OK
    yield judged(
        SIGNAL, entity.chassis(host.name), reason, round(rates["times"] * 60, 2), since_boot=found.times
    )


def facts(found: Throttling) -> dict[str, JSON]:
    return dict(found.files)


SOURCE = TreeSource[Throttling](kinds=("thermal_throttle", "cpu"), gather=gather, judge=judge, facts=facts)
