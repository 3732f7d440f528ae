"""Which process keeps the CPUs busy? Looks twice, half a second apart. Value: CPUs that it uses."""

from __future__ import annotations

import time
from collections.abc import Iterable

from collectors.host import Host
from collectors.identity import identify
from collectors.judging import judged
from collectors.process_table import TICKS_PER_SECOND, processes
from collectors.unit import Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason, Scalar

SIGNAL = "cpu.top"
COLLECTOR = Collector(signals=(SIGNAL,), layer=Layer.HOST, on_demand=True)
APART = 0.5
NAMED = 3
WHOLE_CPU = 0.9


def read(host: Host) -> Iterable[Judgement]:
    before, began = processes(host, 0.0), host.ticks()
    time.sleep(APART)
    after, seconds = processes(host, 0.0), max(host.ticks() - began, 0.01)
    spent = [
        ((one.ticks - before[pid].ticks) / TICKS_PER_SECOND / seconds, pid)
        for pid, one in after.items()
        if pid in before and before[pid].started == one.started
    ]
    top = sorted(spent, reverse=True)[:NAMED]
    facts: dict[str, Scalar] = {}
    for rank, (cpus, pid) in enumerate(top, start=1):
        facts[f"process_{rank}"] = f"{identify(host, after[pid]).name} ({pid}): {cpus:.2f} CPUs"
    most = top[0][0] if top else 0.0
    reason = Reason.SATURATED if most >= WHOLE_CPU else Reason.OK
    yield judged(SIGNAL, entity.host(host.name), reason, round(most, 2), **facts)
