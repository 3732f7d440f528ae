"""A control group per lab host: what tells the hosts' processor time and pressure apart on one kernel."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

CONTROLLERS = ("cpu", "cpuacct", "memory")
"""The hierarchies of version 1 that the lab uses, where the machine has them."""
USER_HZ = os.sysconf("SC_CLK_TCK")


def hierarchies() -> dict[str, Path]:
    """Controller → where it is mounted; version 2 is ``unified``."""
    found: dict[str, Path] = {}
    for line in Path("/proc/mounts").read_text().splitlines():
        _, place, kind, options, *_ = line.split()
        if kind == "cgroup2":
            found.setdefault("unified", Path(place))
        elif kind == "cgroup":
            found.update({name: Path(place) for name in options.split(",") if name in CONTROLLERS})
    return found


class Group:
    """The control group of one host, in every hierarchy that can be written."""

    def __init__(self, name: str) -> None:
        self.places: dict[str, Path] = {}
        for controller, top in hierarchies().items():
            place = top / name
            with contextlib.suppress(OSError):  # a container may forbid it; the drills that need it say so
                place.mkdir(exist_ok=True)
                self.places[controller] = place

    def processor_seconds(self) -> float | None:
        """Processor time used by the host so far; None where the machine does not count it."""
        if "cpuacct" in self.places:
            return int((self.places["cpuacct"] / "cpuacct.usage").read_text()) / 1e9
        if "unified" in self.places:
            with contextlib.suppress(OSError):
                words = (self.places["unified"] / "cpu.stat").read_text().split()
                return int(words[words.index("usage_usec") + 1]) / 1e6
        return None

    def limit(self, processors: float) -> None:
        """Gives the host so much of a processor's time, so that its load is its own."""
        for controller, file in (("cpu", "cpu.cfs_quota_us"), ("unified", "cpu.max")):
            if controller in self.places:
                with contextlib.suppress(OSError):  # the version 2 hierarchy may be there without controllers
                    (self.places[controller] / file).write_text(str(int(100_000 * processors)))

    def pressure(self) -> dict[str, str]:
        """Files of the host's own pressure → the places in /proc that they stand in for."""
        top = self.places.get("unified")
        if top is None:
            return {}
        files = {str(top / f"{name}.pressure"): f"/proc/pressure/{name}" for name in ("cpu", "io", "memory")}
        return {file: place for file, place in files.items() if Path(file).exists() and Path(place).exists()}

    def remove(self) -> None:
        for place in self.places.values():
            remove(place)


def remove(place: Path) -> None:
    """Removes a group and what is below it; a group that still has processes stays."""
    with contextlib.suppress(OSError):
        for child in place.iterdir():
            if child.is_dir():
                remove(child)
        place.rmdir()


def left_over(prefix: str) -> list[Path]:
    """The groups whose name begins with ``prefix``."""
    return [place for top in hierarchies().values() for place in top.glob(f"{prefix}*")]
