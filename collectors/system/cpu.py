"""Is there CPU left? Value: used share, 1.0 being all that may be used."""

from __future__ import annotations

import os
from collections.abc import Iterable

import msgspec

from collectors import cgroups
from collectors.host import Host
from collectors.judging import judged
from collectors.lasting import held
from collectors.rates import Rates
from collectors.system.busiest import busiest
from collectors.system.psi import stall
from collectors.unit import Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason, Scalar

SIGNAL = "cpu.usage"
COLLECTOR = Collector(signals=(SIGNAL,), layer=Layer.HOST, interval=5.0)
OPTIONS = frozenset(["cgroup_cpu", "cgroup_cpuacct"])
"""Where cgroup v1 mounts them apart there are two folders; of v2 both are the same."""
FIELDS = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
FULL = 0.95
LOOKS = 4
"""Over so many looks it must be full, and work must wait: a burst is no saturation."""
WAITING = 60.0
"""Percent of the time in which some task waited for a CPU."""
STARVED = 80.0
QUEUE_PER_CPU = 3.0


class Usage(msgspec.Struct, frozen=True):
    """How much was used since the last look."""

    share: float
    facts: dict[str, Scalar]


def read(host: Host) -> Iterable[Judgement]:
    """A busy machine is healthy: saturated means full for a while, and work waits for it."""
    usage = _of_cgroup(host) if OPTIONS & host.options.keys() else _of_machine(host)
    if usage is None:
        return
    waiting = _waiting(host)
    used, kept_waiting = held(host, "used", usage.share, LOOKS), held(host, "waiting", waiting, LOOKS)
    facts = usage.facts | {"tasks_waiting_percent": round(waiting, 1)}
    if usage.share >= FULL:
        facts |= busiest(host)
    yield judged(SIGNAL, entity.host(host.name), _reason(used, kept_waiting), round(usage.share, 3), **facts)


def _reason(used: float, waiting: float) -> Reason:
    """Of the levels that were held. High: work waits although this host does not use all of its CPUs: they
    are throttled or taken.
    """
    if used >= FULL and waiting >= WAITING:
        return Reason.SATURATED
    return Reason.HIGH if waiting >= STARVED else Reason.OK


def _waiting(host: Host) -> float:
    """By pressure information; where the kernel keeps none, by the length of the run queue."""
    told = stall(host, "cpu")
    if told is not None:
        return told.some
    running = cgroups.table(host, "/proc/stat").get("procs_running", 0)
    return 100.0 if running >= QUEUE_PER_CPU * _cpus(host) else 0.0


def _of_machine(host: Host) -> Usage | None:
    """The first line of proc_stat(5), in clock ticks.

    Time stolen by the hypervisor counts as used, that of niced programs as free: they give way.
    """
    numbers = host.read("/proc/stat", 8192).split("\n", 1)[0].split()[1:]
    counters = dict(zip(FIELDS, map(int, numbers), strict=False))
    idle = counters["idle"] + counters.get("iowait", 0) + counters["nice"]
    rates = Rates.of(host, "machine").update(
        {"all": sum(counters.values()), "idle": idle, "steal": counters.get("steal", 0)}, host.ticks()
    )
    if rates is None or not rates["all"]:
        return None
    return Usage(
        share=min(1.0, max(0.0, 1 - rates["idle"] / rates["all"])),
        facts={"steal": round(rates["steal"] / rates["all"], 3), "cpus": _cpus(host)},
    )


def _of_cgroup(host: Host) -> Usage | None:
    """Seconds of CPU per second, of what the group may use: its quota or all CPUs."""
    folder = host.options.get("cgroup_cpu") or host.options["cgroup_cpuacct"]
    try:
        told = cgroups.table(host, f"{folder}/cpu.stat")
    except OSError:
        told = {}
    used = told.get("usage_usec")
    if used is None:
        accounts = host.options.get("cgroup_cpuacct", folder)
        used = (cgroups.number(host, f"{accounts}/cpuacct.usage") or 0) // 1000
    counters = {"used": used, "throttled": told.get("nr_throttled", 0), "periods": told.get("nr_periods", 0)}
    rates = Rates.of(host, folder).update(counters, host.ticks())
    if rates is None:
        return None
    allowed = cgroups.cpu_quota(host, folder) or float(_cpus(host))
    facts: dict[str, Scalar] = {"cpus_allowed": round(allowed, 2)}
    if rates["periods"]:
        facts["throttled"] = round(rates["throttled"] / rates["periods"], 3)
    return Usage(share=min(1.0, rates["used"] / 1e6 / allowed), facts=facts)


def _cpus(host: Host) -> int:
    if host.real:
        return len(os.sched_getaffinity(0))
    return sum(line.startswith("cpu") for line in host.read("/proc/stat").splitlines()) - 1 or 1
