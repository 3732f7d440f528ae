"""What the collectors cost at their default intervals: CPU of each, of those that follow, and memory."""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
import resource
import sys
import time
from types import ModuleType

import collectors
from collectors.discovery import discover
from collectors.host import Host
from wire.judgement import Layer

ROUNDS = 20
FOLLOW_SECONDS = 20.0
DISCOVERY_SECONDS = 60.0


def units() -> list[ModuleType]:
    modules = [
        importlib.import_module(f"collectors.{one.name}") for one in pkgutil.iter_modules(collectors.__path__)
    ]
    found = [module for module in modules if hasattr(module, "COLLECTOR")]
    return [one for one in found if not one.COLLECTOR.on_demand and one.COLLECTOR.layer is not Layer.LOG]


def reading(unit: ModuleType) -> float:
    """Percent of one core."""
    now = [time.monotonic()]
    host = Host("bench", ticks=lambda: now[0])
    list(unit.read(host))
    spent = 0.0
    for _ in range(ROUNDS):
        now[0] += unit.COLLECTOR.interval
        began = time.thread_time()
        list(unit.read(host))
        spent += time.thread_time() - began
    return 100 * spent / ROUNDS / unit.COLLECTOR.interval


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
    found = units()
    total = 0.0
    for unit in found:
        percent = reading(unit)
        total += percent
        print(f"{unit.__name__:36} every {unit.COLLECTOR.interval:4.0f} s {percent:7.4f} % of a core")
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
    sys.exit(main())
