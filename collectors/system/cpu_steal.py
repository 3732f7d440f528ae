"""Does the hypervisor give this machine the CPU time it asks for? Value: share of the time taken away."""

from __future__ import annotations

from collections.abc import Iterable

from collectors.host import Host
from collectors.judging import judged
from collectors.lasting import held
from collectors.rates import Rates
from collectors.unit import Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason

SIGNAL = "cpu.steal"
COLLECTOR = Collector(signals=(SIGNAL,), layer=Layer.HOST)
FIELDS = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
LOOKS = 4
SATURATED, HIGH = 0.30, 0.10


def read(host: Host) -> Iterable[Judgement]:
    """The first line of proc_stat(5); guests are counted in user and nice already."""
    numbers = host.read("/proc/stat", 8192).split("\n", 1)[0].split()[1:]
    counters = dict(zip(FIELDS, map(int, numbers), strict=False))
    if "steal" not in counters:
        return
    rates = Rates.of(host, "steal").update(
        {"steal": counters["steal"], "all": sum(counters.values())}, host.ticks()
    )
    if rates is None or not rates["all"]:
        return
    share = rates["steal"] / rates["all"]
    level = held(host, SIGNAL, share, LOOKS)
    reason = Reason.SATURATED if level >= SATURATED else Reason.HIGH if level >= HIGH else Reason.OK
    yield judged(SIGNAL, entity.host(host.name), reason, round(share, 4))
