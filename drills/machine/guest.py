"""The virtual machine as its root uses it, through the agent of QEMU that runs inside."""

from __future__ import annotations

import base64
import re
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

from drills.errors import LabError
from drills.machine.line import Line

AT_ONCE = 1 << 20
"""Bytes of a file that are asked for in one go."""
PAUSES = (0.05, 0.1, 0.2, 0.5, 1.0)
"""Between two looks whether a command has ended, the last one again and again."""


class Guest:
    """A host of drills. Usable once somebody inside answers."""

    def __init__(self, name: str, agent: Path) -> None:
        self.name = name
        self._line = Line(agent)
        self._asking = threading.RLock()

    def close(self) -> None:
        self._line.close()

    def wait(self, seconds: float) -> None:
        """Until it is up. Raises LabError when it never is."""
        until = time.monotonic() + seconds
        with self._asking:
            while not self._line.meet():
                if time.monotonic() > until:
                    raise LabError(f"{self.name} does not come up in {seconds:g} s")

    def run(
        self, *argv: str, timeout: float = 120, stdin: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Raises LabError with what the command said when it fails (``check``) or takes too long."""
        done = self._finished(argv, timeout, stdin)
        if check and done.returncode:
            said = (done.stderr or done.stdout).strip()
            raise LabError(f"{self.name}: {' '.join(argv)!r} ended with {done.returncode}: {said[-2000:]}")
        return done

    def _finished(
        self, argv: tuple[str, ...], timeout: float, stdin: str | None
    ) -> subprocess.CompletedProcess[str]:
        given = {} if stdin is None else {"input-data": base64.b64encode(stdin.encode()).decode()}
        pid = self._ask("guest-exec", path=argv[0], arg=list(argv[1:]), **{"capture-output": True}, **given)[
            "pid"
        ]
        until, looks = time.monotonic() + timeout, 0
        while not (now := self._ask("guest-exec-status", pid=pid))["exited"]:
            if time.monotonic() > until:
                self._ask("guest-exec", path="kill", arg=["-KILL", str(pid)])
                raise LabError(f"{self.name}: {' '.join(argv)!r} took more than {timeout:g} s")
            time.sleep(PAUSES[min(looks, len(PAUSES) - 1)])
            looks += 1
        code = now.get("exitcode", -now.get("signal", 0))
        return subprocess.CompletedProcess(argv, code, _text(now, "out-data"), _text(now, "err-data"))

    def read(self, inside: str) -> bytes:
        handle = self._ask("guest-file-open", path=inside, mode="r")
        content = b""
        try:
            while True:
                part = self._ask("guest-file-read", handle=handle, count=AT_ONCE)
                content += base64.b64decode(part["buf-b64"])
                if part["eof"]:
                    return content
        finally:
            self._ask("guest-file-close", handle=handle)

    def write(self, inside: str, text: str, mode: int = 0o644) -> None:
        self.run("install", "-D", "-m", f"{mode:o}", "/dev/stdin", inside, stdin=text)

    def peaks(self, process: str) -> list[int]:
        """Megabytes that each process of that name held at its most."""
        said = self.run("sh", "-c", 'grep -h VmHWM $(pgrep -x "$0" | sed "s,.*,/proc/&/status,")', process)
        return [int(kilobytes) // 1024 for kilobytes in re.findall(r"VmHWM:\s+(\d+)", said.stdout)]

    def _ask(self, command: str, **arguments: object) -> Any:
        with self._asking:
            return self._line.ask(command, arguments)


def _text(status: dict[str, Any], field: str) -> str:
    return base64.b64decode(status.get(field, "")).decode(errors="replace")
