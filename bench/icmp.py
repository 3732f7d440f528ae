"""CPU time per 1000 pings of 1000 loopback addresses: the ICMP probe with all its judging, beside fping.

Needs root (or a ping group) and fping. Both are measured in turn, three times; the medians make the ratio.
"""

from __future__ import annotations

import asyncio
import os
import resource
import statistics
import subprocess
import sys
import time
from multiprocessing import get_context
from multiprocessing.queues import SimpleQueue

from probes.packets import icmp
from probes.unit import Net
from wire.target import IcmpTarget

ADDRESSES = [f"127.0.{n // 250}.{n % 250 + 1}" for n in range(1000)]
ROUNDS, TURNS = 4, 3


def fping() -> float:
    """CPU seconds per 1000 pings, kernel time of the process included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    argv = ["fping", "-q", "-c10", "-p100", "-i0"]
    subprocess.run(argv, input="\n".join(ADDRESSES), text=True, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / 10


def rootward(out: SimpleQueue[tuple[float, float, float]]) -> None:
    """CPU seconds per 1000 pings in a running agent; best and median round trip in microseconds."""

    async def rounds() -> tuple[float, float, float]:
        net = Net(host="here", clock=time.time)
        targets = [IcmpTarget(address) for address in ADDRESSES]
        await icmp.ask_all(targets, net)  # a running agent has its sockets open and its ways looked up
        began = time.process_time()
        for _ in range(ROUNDS):
            judgements = await icmp.ask_all(targets, net)
        spent = time.process_time() - began
        times = [judgement.value for judgement in judgements if judgement.value is not None]
        assert len(times) == len(ADDRESSES), "every address answers"
        return spent / (ROUNDS * icmp.ECHOES), min(times) * 1e6, statistics.median(times) * 1e6

    out.put(asyncio.run(rounds()))


def measured() -> tuple[float, float, float]:
    """In a process of its own, so that nothing else is counted."""
    context = get_context("spawn")
    out: SimpleQueue[tuple[float, float, float]] = context.SimpleQueue()
    child = context.Process(target=rootward, args=(out,))
    child.start()
    answer = out.get()
    child.join()
    return answer


def memory() -> int:
    """KiB that importing every probe adds to a bare interpreter with asyncio and msgspec."""
    code = """if True:
        import asyncio, ssl, msgspec, wire.target, probes
        def kib(): return int(open("/proc/self/statm").read().split()[1]) * 4
        before = kib()
        from agent.units.finding import modules
        for unit in modules(probes): pass
        print(kib() - before)"""
    return int(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    )


def main() -> None:
    turns = [(fping(), *measured()) for _ in range(TURNS)]
    theirs, ours, best, median = (statistics.median(column) for column in zip(*turns, strict=True))
    print(f"cpus {os.cpu_count()}, kernel {os.uname().release}, {len(ADDRESSES)} targets, {TURNS} turns")
    print(f"fping -c10 -p100 -i0      {theirs * 1000:7.2f} ms CPU per 1000 pings")
    print(f"probes.icmp, judged       {ours * 1000:7.2f} ms CPU per 1000 pings")
    print(f"ratio                     {ours / theirs:7.2f}")
    print(f"round trip, kernel time   {best:7.1f} us best, {median:.1f} us median of 1000")
    print(f"memory of all probes      {memory():7d} KiB")


if __name__ == "__main__":
    main()
