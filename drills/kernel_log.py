"""The machine's own kernel log: its live lines are copied to the host whose device or process they name."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime

from drills.errors import NotPossible
from drills.node import Node

PLACE = "/var/log/kern.log"
RECORD = 8192


class KernelLog:
    """Reads /dev/kmsg from the moment it is made."""

    def __init__(self) -> None:
        try:
            self._handle = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
        except OSError as error:
            raise NotPossible(f"the kernel log cannot be read: {error.strerror}") from None
        os.lseek(self._handle, 0, os.SEEK_END)

    def copy(self, node: Node, having: str, seconds: float = 15) -> str:
        """Appends to the host's kernel log every new line that has this text, until one came.

        Raises NotPossible when the kernel said nothing of it.
        """
        until, found = time.monotonic() + seconds, ""
        while not found and time.monotonic() < until:
            for line in self._lines():
                if having in line:
                    append(node, line)
                    found = line
            time.sleep(0.05)
        if not found:
            raise NotPossible(f"this kernel logged nothing about {having}")
        return found

    def _lines(self) -> list[str]:
        lines: list[str] = []
        while True:
            try:
                record = os.read(self._handle, RECORD)
            except BlockingIOError:
                return lines
            except BrokenPipeError:  # overtaken: the oldest lines were dropped, the next read goes on
                continue
            head, _, text = record.decode(errors="replace").partition(";")
            microseconds = int(head.split(",")[2])
            lines.append(f"[{microseconds / 1e6:12.6f}] {text.splitlines()[0]}")

    def close(self) -> None:
        os.close(self._handle)


def append(node: Node, line: str) -> None:
    """As rsyslog writes /var/log/kern.log."""
    now = datetime.now(UTC).isoformat()
    with node.path(PLACE).open("a") as log:
        log.write(f"{now} {node.name} kernel: {line}\n")
