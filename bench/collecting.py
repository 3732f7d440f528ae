"""What the collectors cost at their default intervals: CPU of each, of those that follow, and memory."""

from __future__ import annotations

import asyncio
import resource
import time
from types import ModuleType

import collectors
from agent.units.finding import modules
from collectors.discovery import discover
from collectors.host import Host
from wire.judgement import Layer

SECONDS = 300
"""Played, not waited for."""
FOLLOW_SECONDS = 20.0
DISCOVERY_SECONDS = 60.0


def units(host: Host) -> list[ModuleType]:
    """Those that the agent reads on this host."""
    found = [module for module in modules(collectors) if hasattr(module, "COLLECTOR")]
    return [
        one
        for one in found
        if not (one.COLLECTOR.on_demand or one.COLLECTOR.risky or one.COLLECTOR.layer is Layer.LOG)
        and (not one.COLLECTOR.where or host.shows(one.COLLECTOR.where))
    ]


def reading(found: list[ModuleType]) -> dict[str, float]:
    """Percent of one core, each at its interval and beside the others, which share what they read."""
    now = [time.monotonic()]
    machine = Host("bench", ticks=lambda: now[0])
    hosts = {unit.__name__: machine.for_unit() for unit in found}
    spent = dict.fromkeys(hosts, 0.0)
    for unit in found:
        list(unit.read(hosts[unit.__name__]))
    for second in range(1, SECONDS + 1):
        now[0] += 1.0
        for unit in found:
            if second % int(unit.COLLECTOR.interval) == 0:
                began = time.thread_time()
                list(unit.read(hosts[unit.__name__]))
                spent[unit.__name__] += time.thread_time() - began
    return {unit.__name__: 100 * spent[unit.__name__] / SECONDS for unit in found}


def following(unit: ModuleType) -> float:
    async def follow() -> None:
        async for _ in unit.follow(host):
            pass

    async def some_time() -> float:
        task = asyncio.create_task(follow())
        await asyncio.sleep(1)
        began = time.process_time()
        await asyncio.sleep(FOLLOW_SECONDS)
        spent = time.process_time() - began
        task.cancel()
        return 100 * spent / FOLLOW_SECONDS

    host = Host("bench")
    list(unit.read(host))
    return asyncio.run(some_time())


def discovering() -> float:
    host = Host("bench")
    discover(host)
    began = time.process_time()
    for _ in range(5):
        discover(host)
    return 100 * (time.process_time() - began) / 5 / DISCOVERY_SECONDS


def main() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = units(Host("bench"))
    shares = reading(found)
    total = sum(shares.values())
    for unit in sorted(found, key=lambda one: -shares[one.__name__]):
        every, percent = unit.COLLECTOR.interval, shares[unit.__name__]
        print(f"{unit.__name__:36} every {every:4.0f} s {percent:7.4f} % of a core")
    for unit in found:
        if hasattr(unit, "follow"):
            percent = following(unit)
            total += percent
            print(f"{unit.__name__:36} following    {percent:7.4f} % of a core")
    percent = discovering()
    total += percent
    print(f"{'collectors.discovery':36} every {DISCOVERY_SECONDS:4.0f} s {percent:7.4f} % of a core")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    processes = len([name for name in Host("bench").list("/proc") if name.isdigit()])
    print(f"total {total:.3f} % of a core with {processes} processes")
    print(f"{(peak - before) / 1024:.1f} MiB grown by units and reads")


if __name__ == "__main__":
    main()
