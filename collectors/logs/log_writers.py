"""Which service wrote a log line: by the name in the line, by who has the file open, by the file's name."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import PurePosixPath

import msgspec

from collectors.host import Host
from collectors.identity import identify
from collectors.process_table import Process, processes
from collectors.services.service_memory import recall

KEEP = 60.0
"""Seconds that an answer stands: services restart, files rotate."""
KEEP_GUESS = 2.0
"""Seconds for what no running process told: it may be starting just now."""
LIKE = 4
"""Letters that two names must share at their beginning to be of one thing."""
ANSWERS = 256
DESCRIPTORS = 4096
COLLECTORS_OF_LINES = frozenset(
    ["rsyslogd", "syslog-ng", "systemd-journald", "systemd-journal", "rsyslog", "syslogd"]
)
FOLDERS = frozenset(["log", "logs", "tmp", "var", "srv", "opt"])
SHARED = frozenset(["syslog", "messages", "kern", "daemon", "user", "auth", "secure", "debug", "dmesg"])


class _Answer(msgspec.Struct):
    name: str
    until: float
    sure: bool
    """A running process told."""


class Writers:
    """Names are those of collectors.identity, so that lines and services meet on one entity."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._answers: dict[str, _Answer] = {}

    def of_program(self, program: str) -> str:
        """The service whose process bears this name, else the one watched by it, else the name itself."""
        return self._ask(f"program {program}", lambda: self._running(program), program)

    def of_file(self, path: str) -> str:
        """The service that writes this file; ``""`` for files where many write."""
        return self._ask(f"file {path}", lambda: self._writing(path), _named_for(path))

    def _ask(self, question: str, find: Callable[[], str | None], otherwise: str) -> str:
        """What runs tells best; then what told so before it ended; then what the name is like."""
        now = self._host.ticks()
        answer = self._answers.get(question)
        if answer is None or now > answer.until:
            if len(self._answers) >= ANSWERS:
                self._answers.clear()
            found = find()
            if found is None:
                known = answer.name if answer is not None and answer.sure else self._watched(otherwise)
                answer = _Answer(known, now + KEEP_GUESS, answer is not None and answer.sure)
            else:
                answer = _Answer(found, now + KEEP, sure=True)
            self._answers[question] = answer
        return answer.name

    def _watched(self, name: str) -> str:
        """The service of this host that goes by the name, or by one like it, as discovery calls it."""
        if not name:
            return name
        services = {service: one.remembered for service, one in recall(self._host).items()}
        for service, known in services.items():
            if name in (service, known.process, known.unit.removesuffix(".service")):
                return service
        alike = [
            service
            for service, known in services.items()
            if any(_alike(name, other) for other in (service, known.process))
        ]
        return alike[0] if len(alike) == 1 else name

    def _running(self, program: str) -> str | None:
        for process in self._processes():
            if process.name == program[:15]:
                return identify(self._host, process).name
        return None

    def _writing(self, path: str) -> str | None:
        for process in self._processes():
            if self._has_open(process.pid, path):
                name = identify(self._host, process).name
                return "" if name in COLLECTORS_OF_LINES else name
        return None

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


def _alike(one: str, other: str) -> bool:
    """``postgres`` and ``postgresql``: the shorter name begins the longer one."""
    shorter, longer = sorted((one, other), key=len)
    return len(shorter) >= LIKE and longer.startswith(shorter)


def _named_for(path: str) -> str:
    """``/var/log/nginx/error.log`` → ``nginx``, ``/srv/app/shop.log`` → ``shop``."""
    pure = PurePosixPath(path)
    stem = pure.name.partition(".")[0]
    if stem in SHARED:
        return ""
    folder = pure.parent.name
    return stem if folder in FOLDERS or not folder else folder
