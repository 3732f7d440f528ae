"""Pressure stall information: which share of the time somebody, or everybody, had to wait."""

from __future__ import annotations

import msgspec

from collectors.host import Host

OPTIONS = {"cpu": "cgroup_cpu", "memory": "cgroup_memory", "io": "cgroup_io"}


class Stall(msgspec.Struct, frozen=True):
    """Percent of the last 10 and 60 seconds (kernel: Documentation/accounting/psi.rst)."""

    some_10: float
    some_60: float
    full_10: float
    full_60: float


def stall(host: Host, resource: str) -> Stall | None:
    """Of the control group that an option names (``cgroup_pressure`` for all), else of the machine."""
    for option in (OPTIONS[resource], "cgroup_pressure"):
        folder = host.options.get(option)
        if folder and host.exists(f"{folder}/{resource}.pressure"):
            return _read(host, f"{folder}/{resource}.pressure")
    return _read(host, f"/proc/pressure/{resource}")


def _read(host: Host, path: str) -> Stall | None:
    """None where the kernel keeps none (the file is missing, or reading it is not supported)."""
    try:
        lines = host.read(path, 1024).splitlines()
    except OSError:
        return None
    found: dict[str, float] = {}
    for line in lines:
        kind, _, rest = line.partition(" ")
        for pair in rest.split():
            name, _, number = pair.partition("=")
            if name in ("avg10", "avg60"):
                found[f"{kind} {name}"] = float(number)
    return Stall(
        some_10=found.get("some avg10", 0.0),
        some_60=found.get("some avg60", 0.0),
        full_10=found.get("full avg10", 0.0),
        full_60=found.get("full avg60", 0.0),
    )
