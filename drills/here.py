"""The machine that the drills run on, as a host of them: what the virtual one needs of another runs here."""

from __future__ import annotations

import subprocess
from pathlib import Path

from drills.command import run
from drills.node import command_of, peak_of


class Here:
    """Used as whoever runs the drills."""

    name = "here"

    def run(
        self, *argv: str, timeout: float = 60, stdin: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        return run(argv, timeout=timeout, stdin=stdin, check=check)

    def read(self, inside: str) -> bytes:
        return Path(inside).read_bytes()

    def write(self, inside: str, text: str, mode: int = 0o644) -> None:
        Path(inside).write_text(text)
        Path(inside).chmod(mode)

    def peaks(self, process: str) -> list[int]:
        pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
        return [peak_of(pid) for pid in pids if command_of(pid) == process]
