"""Does a program grow without end? Value: MiB per minute."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable
from itertools import pairwise

import msgspec

from collectors import cgroups
from collectors.aftercare import recovered
from collectors.host import Host
from collectors.identity import identify
from collectors.judging import judged
from collectors.meminfo import meminfo
from collectors.process_table import Process, processes
from collectors.unit import SECOND, Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason

SIGNAL = "mem.growth"
COLLECTOR = Collector(signals=(SIGNAL,), layer=Layer.HOST, interval=10 * SECOND)
TABLE_SECONDS = 5.0
"""How old the list of processes may be: a second look at a symptom sees the same one."""
PAGE = os.sysconf("SC_PAGE_SIZE")
MIB = 1024**2
WATCHED = 64
"""The largest programs: a small one that leaks grows into them."""
SHORT, LONG = 7, 181
"""Looks: about one minute, and half an hour."""
LEAST_FAST, LEAST_SLOW = 64 * MIB, 128 * MIB
MINUTES, DAY = 600.0, 86_400.0
STEADY = 0.9
"""Share of the steps that go up: what fills a cache or serves requests also gives back."""
LEVEL = 0.25
"""The last quarter must grow at least half as fast as the whole: what settles is no leak."""

TIGHT = 0.3
"""What grows fast is a leak only where little is left: a program that starts fills its memory, too."""


class Memory(msgspec.Struct, frozen=True):
    free: int
    total: int


Samples = deque[tuple[float, int]]


def read(host: Host) -> Iterable[Judgement]:
    largest = sorted(processes(host, TABLE_SECONDS).values(), key=lambda one: -one.pages)[:WATCHED]
    seen: dict[tuple[int, int], Samples] = host.memory.setdefault("seen", {})
    memory = _memory(host)
    growing: dict[str, tuple[Process, Reason, float]] = {}
    now: dict[tuple[int, int], Samples] = {}
    for one in largest:
        key = (one.pid, one.started)
        samples = now[key] = seen.get(key) or deque(maxlen=LONG)
        if not samples or host.ticks() - samples[-1][0] > TABLE_SECONDS:
            samples.append((host.ticks(), one.pages * PAGE))
        reason, speed = growth(samples, memory)
        if reason is not Reason.OK:
            growing[identify(host, one).name] = (one, reason, speed)
    host.memory["seen"] = now
    for name, (one, reason, speed) in sorted(growing.items()):
        yield judged(
            SIGNAL,
            entity.process(host.name, name),
            reason,
            round(speed * 60 / MIB, 2),
            pid=one.pid,
            resident_mib=one.pages * PAGE // MIB,
            minutes_left=round(memory.free / speed / 60, 1),
        )
    for name in recovered(host, SIGNAL, growing.keys()):
        yield judged(SIGNAL, entity.process(host.name, name), Reason.OK)


def growth(samples: Samples, memory: Memory) -> tuple[Reason, float]:
    """By how soon the memory that is free now would be gone, at a steady pace."""
    fast = _speed(list(samples)[-SHORT:], SHORT, LEAST_FAST)
    if fast and memory.free / fast <= MINUTES and memory.free <= TIGHT * memory.total:
        return Reason.EXHAUSTED, fast
    slow = _speed(list(samples), LONG, LEAST_SLOW)
    if slow and memory.free / slow <= DAY:
        return Reason.HIGH, slow
    return Reason.OK, 0.0


def _speed(samples: list[tuple[float, int]], needed: int, least: int) -> float:
    """Bytes per second; 0 of what does not grow steadily, or not by that much."""
    if len(samples) < needed:
        return 0.0
    (began, first), (ended, last) = samples[0], samples[-1]
    steps = [after - before for (_, before), (_, after) in pairwise(samples)]
    if last - first < least or ended <= began or sum(step > 0 for step in steps) < STEADY * len(steps):
        return 0.0
    speed = (last - first) / (ended - began)
    quarter = samples[-max(2, int(LEVEL * len(samples))) :]
    recent = (quarter[-1][1] - quarter[0][1]) / max(1e-3, quarter[-1][0] - quarter[0][0])
    return speed if recent >= speed / 2 else 0.0


def _memory(host: Host) -> Memory:
    """MemAvailable of proc_meminfo(5), or what is left within the control group's limit."""
    figures = meminfo(host)
    machine = Memory(figures.get("MemAvailable", 0), figures.get("MemTotal", 0))
    group = cgroups.memory(host)
    if group is not None and group[1] < machine.total:
        _, most, used = group
        return Memory(max(0, most - used), most)
    return machine
