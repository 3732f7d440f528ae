"""A control group per lab host: what tells the hosts' processor time and pressure apart on one kernel."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Protocol

CONTROLLERS = ("cpu", "cpuacct", "memory", "pids")
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


class Size(Protocol):
    """How much a host has, of what is handed out."""

    @property
    def processors(self) -> float: ...
    @property
    def memory(self) -> int:
        """Megabytes; 0: no limit."""

    @property
    def tasks(self) -> int:
        """0: no limit."""


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

    def limit(self, size: Size) -> None:
        """Gives the host its share of this machine, so that its load is its own."""
        self.give_processors(size.processors)
        for controller, files, most in (
            ("memory", ("memory.limit_in_bytes", "memory.max"), size.memory * 1024 * 1024),
            ("pids", ("pids.max",), size.tasks),
        ):
            if most:
                self._set(controller, files, most)

    def give_processors(self, count: float) -> bool:
        """Time of so many processors; False where this machine cannot limit it."""
        return self._set("cpu", ("cpu.cfs_quota_us", "cpu.max"), int(100_000 * count))

    def _set(self, controller: str, files: tuple[str, ...], value: int) -> bool:
        for place in filter(None, (self.places.get(controller), self.places.get("unified"))):
            for file in files:
                with contextlib.suppress(OSError):  # the version 2 hierarchy may be there without controllers
                    (place / file).write_text(str(value))
                    return True
        return False

    def controllers(self) -> list[str]:
        """The hierarchies of version 1 that the host has a group in."""
        return [name for name in CONTROLLERS if name in self.places]

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
