"""Which service wrote a log line: by the name in the line, by who has the file open, by the file's name."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import PurePosixPath

import msgspec

from collectors.host import Host
from collectors.identity import identify
from collectors.process_table import Process, processes

KEEP = 60.0
"""Seconds that an answer stands: services restart, files rotate."""
ANSWERS = 256
DESCRIPTORS = 4096
COLLECTORS_OF_LINES = frozenset(
    ["rsyslogd", "syslog-ng", "systemd-journald", "systemd-journal", "rsyslog", "syslogd"]
)
FOLDERS = frozenset(["log", "logs", "tmp", "var", "srv", "opt"])
SHARED = frozenset(["syslog", "messages", "kern", "daemon", "user", "auth", "secure", "debug", "dmesg"])


class _Answer(msgspec.Struct):
    name: str
    at: float


class Writers:
    """Names are those of collectors.identity, so that lines and services meet on one entity."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._answers: dict[str, _Answer] = {}

    def of_program(self, program: str) -> str:
        """The service whose process bears this name, else the name itself."""
        return self._ask(f"program {program}", lambda: self._running(program) or program)

    def of_file(self, path: str) -> str:
        """The service that writes this file; ``""`` for files where many write."""
        return self._ask(f"file {path}", lambda: self._writing(path))

    def _ask(self, question: str, find: Callable[[], str]) -> str:
        now = self._host.ticks()
        answer = self._answers.get(question)
        if answer is None or now - answer.at > KEEP:
            if len(self._answers) >= ANSWERS:
                self._answers.clear()
            answer = self._answers[question] = _Answer(find(), now)
        return answer.name

    def _running(self, program: str) -> str:
        for process in self._processes():
            if process.name == program[:15]:
                return identify(self._host, process).name
        return ""

    def _writing(self, path: str) -> str:
        for process in self._processes():
            if self._has_open(process.pid, path):
                name = identify(self._host, process).name
                return "" if name in COLLECTORS_OF_LINES else name
        return _named_for(path)

    def _processes(self) -> list[Process]:
        try:
            return [one for one in processes(self._host).values() if not one.kernel]
        except OSError:
            return []

    def _has_open(self, pid: int, path: str) -> bool:
        """Open for writing: a pager that shows the file is not its author."""
        folder = f"/proc/{pid}/fd"
        try:
            for number in self._host.list(folder, DESCRIPTORS):
                if self._host.read_link(f"{folder}/{number}") == path:
                    flags = self._host.read(f"/proc/{pid}/fdinfo/{number}", 256)
                    return bool(int(flags.partition("flags:")[2].split()[0], 8) & os.O_ACCMODE)
        except (OSError, ValueError, IndexError):  # it ended, or is another user's
            return False
        return False


def _named_for(path: str) -> str:
    """``/var/log/nginx/error.log`` → ``nginx``, ``/srv/app/shop.log`` → ``shop``."""
    pure = PurePosixPath(path)
    stem = pure.name.partition(".")[0]
    if stem in SHARED:
        return ""
    folder = pure.parent.name
    return stem if folder in FOLDERS or not folder else folder
