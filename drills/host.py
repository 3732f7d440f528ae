"""What steps and the judge can do with any machine of a drill, be it a set of namespaces or a virtual one."""

from __future__ import annotations

import subprocess
from typing import Protocol


class Host(Protocol):
    """One machine, used as its root."""

    name: str

    def run(
        self, *argv: str, timeout: float = 20, stdin: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Raises LabError with what the command said when it fails (``check``) or takes too long."""

    def read(self, inside: str) -> bytes:
        """A file of the machine. Raises OSError or LabError when it cannot be read."""

    def write(self, inside: str, text: str, mode: int = 0o644) -> None: ...

    def peaks(self, process: str) -> list[int]:
        """Megabytes that each process of that name held at its most (proc(5), VmHWM)."""


class Site(Protocol):
    """Machines by their names."""

    def __getitem__(self, name: str) -> Host:
        """Raises LabError for a name that no machine of the site has."""


def device_of(host: Host, mount: str) -> str:
    """``loop3``. Raises LookupError for what is not mounted."""
    for line in host.read("/proc/1/mounts").decode().splitlines():
        source, place, *_ = line.split()
        if place == mount:
            return source.rpartition("/")[2]
    raise LookupError(f"{host.name} has nothing mounted on {mount}")
