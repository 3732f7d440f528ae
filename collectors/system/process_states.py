"""Are there too many processes, unreaped children, or processes that hang in the kernel?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from collectors import cgroups
from collectors.aftercare import recovered
from collectors.host import Host
from collectors.identity import identify
from collectors.judging import judged
from collectors.process_table import Process, processes
from collectors.unit import Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason

PIDS, ZOMBIES, STATE = "host.pids", "process.zombies", "process.state"
COLLECTOR = Collector(signals=(PIDS, ZOMBIES, STATE), layer=Layer.HOST, interval=10.0)
EXHAUSTED, HIGH = 0.97, 0.85
MANY_ZOMBIES = 20
"""Of one parent, older than one round: a few wait for their parent in every busy moment."""
HUNG_SECONDS = 30.0


def read(host: Host) -> Iterable[Judgement]:
    table = processes(host)
    yield _pids(host, table)
    yield from _zombies(host, table)
    yield from _hung(host, table)


def _pids(host: Host, table: dict[int, Process]) -> Judgement:
    """Tasks (threads included) of the limit that is nearest. Value: used share."""
    tasks = int(host.read("/proc/loadavg", 256).split()[3].partition("/")[2])
    shares = {"kernel.pid_max": (tasks, cgroups.number(host, "/proc/sys/kernel/pid_max"))}
    shares["kernel.threads-max"] = (tasks, cgroups.number(host, "/proc/sys/kernel/threads-max"))
    for folder in cgroups.own(host, "pids"):
        inside = cgroups.number(host, f"{folder}/pids.current")
        if inside is not None:
            shares["pids.max"] = (inside, cgroups.number(host, f"{folder}/pids.max"))
    used, limit, name = max(
        ((used, limit, name) for name, (used, limit) in shares.items() if limit),
        key=lambda one: one[0] / one[1],
        default=(tasks, 1 << 22, "none"),
    )
    share = used / limit
    reason = Reason.EXHAUSTED if share >= EXHAUSTED else Reason.HIGH if share >= HIGH else Reason.OK
    return judged(
        PIDS,
        entity.host(host.name),
        reason,
        round(share, 4),
        tasks=used,
        limit=limit,
        limit_name=name,
        processes=len(table),
    )


def _zombies(host: Host, table: dict[int, Process]) -> Iterator[Judgement]:
    """Value: children that one parent left unreaped since the last round."""
    now = {(one.pid, one.started) for one in table.values() if one.state == "Z"}
    lasting = now & host.memory.get("zombies", set())
    host.memory["zombies"] = now
    by_parent = Counter(table[pid].parent for pid, _ in lasting)
    guilty = {
        identify(host, table[pid]).name: (pid, count)
        for pid, count in by_parent.items()
        if count >= MANY_ZOMBIES and pid in table
    }
    for name, (pid, count) in sorted(guilty.items()):
        yield judged(ZOMBIES, entity.process(host.name, name), Reason.HIGH, count, pid=pid)
    for name in recovered(host, ZOMBIES, guilty.keys()):
        yield judged(ZOMBIES, entity.process(host.name, name), Reason.OK)


def _hung(host: Host, table: dict[int, Process]) -> Iterator[Judgement]:
    """In uninterruptible sleep without a moment's run. Value: seconds of it."""
    before: dict[tuple[int, int, int], float] = host.memory.get("asleep", {})
    now = host.ticks()
    asleep: dict[tuple[int, int, int], float] = {}
    hung: dict[str, tuple[int, float]] = {}
    for one in table.values():
        if one.state == "D":
            key = (one.pid, one.started, one.ticks)
            asleep[key] = before.get(key, now)
            if now - asleep[key] >= HUNG_SECONDS:
                hung[identify(host, one).name] = (one.pid, now - asleep[key])
    host.memory["asleep"] = asleep
    for name, (pid, seconds) in sorted(hung.items()):
        subject = entity.process(host.name, name)
        yield judged(STATE, subject, Reason.HUNG, round(seconds, 1), pid=pid, waits_in=_waits_in(host, pid))
    for name in recovered(host, STATE, hung.keys()):
        yield judged(STATE, entity.process(host.name, name), Reason.OK)


def _waits_in(host: Host, pid: int) -> str:
    """The kernel function in which it sleeps (proc_pid_wchan(5))."""
    try:
        return host.read(f"/proc/{pid}/wchan", 256).strip("\0\n 0")[:128]
    except OSError:
        return ""
