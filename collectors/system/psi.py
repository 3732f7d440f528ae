"""Pressure stall information: which share of the time somebody, or everybody, had to wait."""

from __future__ import annotations

import msgspec

from collectors.host import Host
from collectors.rates import Rates

OPTIONS = {"cpu": "cgroup_cpu", "memory": "cgroup_memory", "io": "cgroup_io"}
SERVICES = ("/sys/fs/cgroup/system.slice", "/sys/fs/cgroup/unified/system.slice")
"""On a machine with systemd its services count: what a person compiles in a session of their own may wait."""


class Stall(msgspec.Struct, frozen=True):
    """Percent of the time since the last look; at the first look of the last 10 s."""

    some: float
    full: float


def stall(host: Host, resource: str) -> Stall | None:
    """Kernel: Documentation/accounting/psi.rst. None where the kernel keeps no such information."""
    for path in _places(host, resource):
        try:
            lines = host.read(path, 1024).splitlines()
        except OSError:  # missing, or kept but switched off
            continue
        figures = {kind: _pairs(rest) for kind, _, rest in (line.partition(" ") for line in lines)}
        some, full = figures.get("some", {}), figures.get("full", {})
        totals = {"some": int(some.get("total", 0)), "full": int(full.get("total", 0))}
        rates = Rates.of(host, path).update(totals, host.ticks())
        if rates is None:
            return Stall(some.get("avg10", 0.0), full.get("avg10", 0.0))
        return Stall(min(100.0, rates["some"] / 1e4), min(100.0, rates["full"] / 1e4))
    return None


def _places(host: Host, resource: str) -> list[str]:
    """The control group that an option names (``cgroup_pressure`` for all), the services', the machine."""
    named = [host.options.get(option) for option in (OPTIONS[resource], "cgroup_pressure")]
    folders = [folder for folder in named if folder]
    if not folders and resource == "cpu":
        folders.extend(SERVICES)
    return [*(f"{folder}/{resource}.pressure" for folder in folders), f"/proc/pressure/{resource}"]


def _pairs(text: str) -> dict[str, float]:
    pairs = (pair.partition("=") for pair in text.split())
    return {name: float(number) for name, _, number in pairs if number}
