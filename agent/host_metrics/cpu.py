"""Processor time by mode, load, pressure, and what the kernel counts in /proc/stat (proc_stat(5))."""

from __future__ import annotations

import os
from collections.abc import Iterator

from prometheus_client.core import Metric

from agent.host_metrics.families import count, counter, one
from collectors.host import Host

MODES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
GUEST = ("user", "nice")
HERTZ = os.sysconf("SC_CLK_TCK")
STALLS = {"cpu": ("some",), "io": ("some", "full"), "memory": ("some", "full"), "irq": ("full",)}
STALL_WORDS = {"some": "waiting", "full": "stalled"}
CPUS = "/sys/devices/system/cpu"
THROTTLES = ("core", "package")


def cpu(host: Host) -> Iterator[Metric]:
    rows = {line.split()[0][3:]: line.split()[1:] for line in _stat(host) if line.startswith("cpu")}
    rows.pop("", None)
    seconds = {name: [int(ticks) / HERTZ for ticks in row] for name, row in rows.items()}
    yield counter(
        "node_cpu_seconds",
        "Seconds the CPUs spent in each mode.",
        ("cpu", "mode"),
        [
            ((name, mode), value)
            for name, row in seconds.items()
            for mode, value in zip(MODES, row, strict=False)
        ],
    )
    yield counter(
        "node_cpu_guest_seconds",
        "Seconds the CPUs spent in guests (VMs) for each mode.",
        ("cpu", "mode"),
        [
            ((name, mode), value)
            for name, row in seconds.items()
            for mode, value in zip(GUEST, row[len(MODES) :], strict=False)
        ],
    )
    yield from _throttles(host, sorted(seconds, key=int))


def _throttles(host: Host, cpus: list[str]) -> Iterator[Metric]:
    """Each core and package once, by its first processor."""
    found: dict[str, dict[tuple[str, ...], float]] = {kind: {} for kind in THROTTLES}
    for name in cpus:
        folder = f"{CPUS}/cpu{name}"
        try:
            package = host.read(f"{folder}/topology/physical_package_id", 64).strip()
            core = host.read(f"{folder}/topology/core_id", 64).strip()
            counts = [
                int(host.read(f"{folder}/thermal_throttle/{kind}_throttle_count", 64)) for kind in THROTTLES
            ]
        except (OSError, ValueError):
            continue
        found["core"].setdefault((core, package), counts[0])
        found["package"].setdefault((package,), counts[1])
    for kind, labels in (("core", ("core", "package")), ("package", ("package",))):
        text = f"Number of times this CPU {kind} has been throttled."
        yield counter(f"node_cpu_{kind}_throttles", text, labels, found[kind].items())


def load(host: Host) -> Iterator[Metric]:
    figures = host.read("/proc/loadavg", 256).split()[:3]
    for minutes, figure in zip((1, 5, 15), figures, strict=True):
        yield one(f"node_load{minutes}", f"{minutes}m load average.", float(figure))


def stat(host: Host) -> Iterator[Metric]:
    found = {words[0]: int(words[1]) for words in map(str.split, _stat(host)) if words[1:]}
    for name, metric, text in (
        ("intr", "node_intr", "Total number of interrupts serviced."),
        ("ctxt", "node_context_switches", "Total number of context switches."),
        ("processes", "node_forks", "Total number of forks."),
    ):
        yield count(metric, text, found[name])
    yield one("node_boot_time_seconds", "Node boot time, in unixtime.", found["btime"])
    yield one("node_procs_running", "Number of processes in runnable state.", found["procs_running"])
    blocked = "Number of processes blocked waiting for I/O to complete."
    yield one("node_procs_blocked", blocked, found["procs_blocked"])


def pressure(host: Host) -> Iterator[Metric]:
    """Kernel: Documentation/accounting/psi.rst."""
    for resource, kinds in STALLS.items():
        try:
            lines = host.read(f"/proc/pressure/{resource}", 1024).splitlines()
        except OSError:
            continue
        totals = {line.split()[0]: int(line.rpartition("total=")[2]) for line in lines if "total=" in line}
        for kind in kinds:
            if kind in totals:
                word = STALL_WORDS[kind]
                text = f"Total time in seconds that processes have been {word} for {resource}."
                yield count(f"node_pressure_{resource}_{word}_seconds", text, totals[kind] / 1e6)


def _stat(host: Host) -> list[str]:
    """The line of interrupts is long: its first figure is all that is wanted."""
    return [line[:4096] for line in host.read("/proc/stat").splitlines()]
