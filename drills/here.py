"""The machine that the drills run on, as a host of them: what the virtual one needs of another runs here."""

from __future__ import annotations

import contextlib
import re
import subprocess
from pathlib import Path

from drills.command import run

PEAK = re.compile(r"^VmHWM:\s+(\d+) kB", re.MULTILINE)


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
        found: list[int] = []
        for status in Path("/proc").glob("[0-9]*/status"):
            with contextlib.suppress(OSError):  # it has ended
                text = status.read_text()
                if text.startswith(f"Name:\t{process}\n") and (peak := PEAK.search(text)):
                    found.append(int(peak[1]) >> 10)
        return found
