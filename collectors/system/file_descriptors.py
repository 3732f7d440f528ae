"""Can more files be opened, by the machine and by each process? Value: used share of the limit."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from collectors.aftercare import recovered
from collectors.host import Host
from collectors.identity import identify
from collectors.judging import judged
from collectors.process_table import Process, processes
from collectors.services.listening import main_processes
from collectors.unit import Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason

HOST, PROCESS = "host.fds", "process.fds"
COLLECTOR = Collector(signals=(HOST, PROCESS), layer=Layer.HOST, interval=10.0)
TABLE_SECONDS = 10.0
"""How old the list of processes may be: what is younger opened few files yet."""
EXHAUSTED, HIGH = 0.97, 0.85
SMALLEST_LIMIT = 16
"""Who lives with less was given it on purpose."""
EACH_TIME = 256
"""Processes looked at in one round."""
RECHECK = 0.5
"""Above this share the limit is read again: it may have been raised. A service's may be lowered, too."""


class Limit(NamedTuple):
    """Of one process: when that was started, how many files it may open, and might at most since then."""

    started: int
    now: int | None
    """None where it cannot be read, or there is none."""
    most: int

    def share(self, count: int) -> float:
        """Who was given little from the beginning was given it on purpose."""
        return 0.0 if self.now is None or self.most < SMALLEST_LIMIT else count / max(self.now, 1)


def read(host: Host) -> Iterable[Judgement]:
    """The machine, the processes near their limit, and always those of services: that they have some left."""
    yield from _of_machine(host)
    shares: dict[str, tuple[float, Process, int, int]] = {}
    limits: dict[int, Limit] = host.memory.setdefault("limits", {})
    serving = main_processes(host)
    table = processes(host, TABLE_SECONDS)
    for pid in limits.keys() - table.keys():
        del limits[pid]
    for process in _in_turn(host, table):
        count = _count(host, process.pid)
        if count:
            limit = _limit(host, process, limits.get(process.pid), count, serves=process.pid in serving)
            limits[process.pid] = limit
            share = limit.share(count)
            if share >= HIGH or process.pid in serving:
                name = identify(host, process).name
                if share >= shares.get(name, (-1.0,))[0]:
                    shares[name] = (share, process, count, limit.now or 0)
    yield from _of_processes(host, shares)


def _in_turn(host: Host, table: dict[int, Process]) -> list[Process]:
    """Where there are many, only a share of them each time, and always those that were told of."""
    shares = 1 + len(table) // EACH_TIME
    turn = host.memory["turn"] = (host.memory.get("turn", 0) + 1) % shares
    told: set[int] = host.memory.get("told", set())
    return [one for one in table.values() if not one.kernel and (one.pid % shares == turn or one.pid in told)]


def _of_processes(host: Host, shares: dict[str, tuple[float, Process, int, int]]) -> Iterator[Judgement]:
    host.memory["told"] = {process.pid for _, process, _, _ in shares.values()}
    for name, (share, process, count, limit) in sorted(shares.items()):
        yield judged(
            PROCESS,
            entity.process(host.name, name),
            _reason(share),
            round(share, 3),
            pid=process.pid,
            open=count,
            limit=limit,
        )
    in_trouble = [name for name, (share, *_) in shares.items() if share >= HIGH]
    for name in recovered(host, PROCESS, in_trouble):
        if name not in shares:
            yield judged(PROCESS, entity.process(host.name, name), Reason.OK)


def _of_machine(host: Host) -> Iterator[Judgement]:
    """/proc/sys/fs/file-nr: allocated, unused, most (proc_sys_fs(5))."""
    used, _, most = map(int, host.read("/proc/sys/fs/file-nr", 256).split())
    share = used / most if most else 0.0
    yield judged(
        HOST, entity.host(host.name), _reason(share), round(share, 4), open=used, limit=min(most, 2**53)
    )


def _reason(share: float) -> Reason:
    return Reason.EXHAUSTED if share >= EXHAUSTED else Reason.HIGH if share >= HIGH else Reason.OK


def _count(host: Host, pid: int) -> int:
    """Since Linux 6.2 the folder's size is the number of open files, and everybody may ask for it."""
    folder = f"/proc/{pid}/fd"
    try:
        size = os.stat(host.path(folder)).st_size if host.real else 0  # noqa: PTH116 hundreds of them each round
        return size or len(host.list(folder))
    except OSError:
        return 0


def _limit(host: Host, process: Process, known: Limit | None, count: int, *, serves: bool) -> Limit:
    """The soft limit, read once per process and again when it matters."""
    if known is not None and known.started != process.started:
        known = None
    if known is not None and known.now is not None and not serves and count < RECHECK * known.now:
        return known
    now = _soft_limit(host, process.pid)
    return Limit(process.started, now, max(now or 0, known.most if known else 0))


def _soft_limit(host: Host, pid: int) -> int | None:
    try:
        lines = host.read(f"/proc/{pid}/limits", 4096).splitlines()
    except OSError:
        return None
    for line in lines:
        if line.startswith("Max open files"):
            soft = line.split()[3]
            return int(soft) if soft.isdigit() else None
    return None
