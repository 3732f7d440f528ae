"""The one door of collectors to the machine: bounded reads below a root, commands with a deadline."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from collectors.command import ENVIRONMENT, Completed, run_command
from collectors.shared_readings import SharedReadings
from wire.entity import Entity

READ_LIMIT = 1024 * 1024
OPTION = "option:"
LIST_LIMIT = 65_536
JSON = Any
T = TypeVar("T")


class Host:
    """The machine as collectors may see it. ``root`` lets a fixture tree stand in for /proc and /sys.

    Reads raise OSError as ``open`` does; what is longer than ``limit`` bytes is cut there.
    """

    def __init__(
        self,
        name: str,
        root: str = "/",
        *,
        clock: Callable[[], float] = time.time,
        ticks: Callable[[], float] = time.monotonic,
        options: Mapping[str, str] | None = None,
        memory: dict[str, Any] | None = None,
        remembered: MutableMapping[str, JSON] | None = None,
        shared: SharedReadings | None = None,
    ) -> None:
        self.name = name
        self.root = root.rstrip("/") or "/"
        self.clock = clock
        """Seconds since the epoch."""
        self.ticks = ticks
        """Seconds that never step, for rates."""
        self.options: Mapping[str, str] = options or {}
        self.memory: dict[str, Any] = {} if memory is None else memory
        """What one unit keeps between its reads, gone with the process."""
        self.hung: frozenset[Entity] = frozenset()
        """What must not be touched now."""
        self.remembered: MutableMapping[str, JSON] = {} if remembered is None else remembered
        """What must outlive the process; the agent saves it (JSON) and gives it back at start."""
        self.shared = shared or SharedReadings()

    def for_unit(self) -> Host:
        """The same machine with a memory of its own: each unit gets one."""
        return Host(
            self.name,
            self.root,
            clock=self.clock,
            ticks=self.ticks,
            options=self.options,
            remembered=self.remembered,
            shared=self.shared,
        )

    def cached(self, key: str, seconds: float, make: Callable[[], T]) -> T:
        """What several units want at about the same time is read once; all hosts of ``for_unit`` share it."""
        return self.shared.get(key, seconds, self.ticks, make)

    def share(self, key: str, value: object) -> None:
        """Let those who ask for it by ``cached`` know what was just found."""
        self.shared.put(key, self.ticks(), value)

    def touch(self, subject: Entity) -> bool:
        """A risky collector says this before each thing that may hang for ever (``mount:web1:/data``).

        When it then does hang, the agent knows what on, kills the worker and judges it hung. False: it hung
        a moment ago, so pass it over this time and go on with the rest.
        """
        return subject not in self.hung

    @property
    def real(self) -> bool:
        """Whether this is the running machine and not a tree of files."""
        return self.root == "/"

    def path(self, path: str) -> str:
        """Where the absolute ``path`` of the machine is found by this process."""
        if ".." not in path and "//" not in path and path.startswith("/"):
            normal = path  # hundreds of times a round
        else:
            normal = os.path.normpath("/" + path.lstrip("/"))
        return normal if self.root == "/" else self.root + normal

    @contextmanager
    def open(self, path: str) -> Iterator[int]:
        """A descriptor that is only read, closed at the end."""
        descriptor = os.open(self.path(path), os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def read_line(self, path: str, limit: int = 4096) -> bytes:
        """What one read(2) gives: all of a file of one line below /proc."""
        descriptor = os.open(self.path(path), os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            return os.read(descriptor, limit)
        finally:
            os.close(descriptor)

    def read_bytes(self, path: str, limit: int = READ_LIMIT) -> bytes:
        chunks: list[bytes] = []
        left = limit
        descriptor = os.open(self.path(path), os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            while left > 0 and (chunk := os.read(descriptor, min(left, 65_536))):
                chunks.append(chunk)
                left -= len(chunk)
        finally:
            os.close(descriptor)
        return b"".join(chunks)

    def read(self, path: str, limit: int = READ_LIMIT) -> str:
        return self.read_bytes(path, limit).decode("utf-8", "replace")

    def read_link(self, path: str) -> str:
        return str(Path(self.path(path)).readlink())

    def list(self, path: str, limit: int = LIST_LIMIT) -> list[str]:
        """Names in a folder, at most ``limit`` of them, in the order of the file system."""
        names: list[str] = []
        with os.scandir(self.path(path)) as entries:
            for entry in entries:
                names.append(entry.name)
                if len(names) >= limit:
                    break
        return names

    def exists(self, path: str) -> bool:
        return os.path.lexists(self.path(path))

    def shows(self, signs: Sequence[str]) -> bool:
        """Whether any is here: a path, a glob, a command by its bare name, ``option:`` and its name."""
        return any(self._shows(sign) for sign in signs)

    def _shows(self, sign: str) -> bool:
        if sign.startswith(OPTION):
            return bool(self.options.get(sign.removeprefix(OPTION)))
        if not sign.startswith("/"):
            return self.real and shutil.which(sign, path=ENVIRONMENT["PATH"]) is not None
        return next(Path(self.root).glob(sign.lstrip("/")), None) is not None

    def run(self, argv: Sequence[str], timeout: float = 3.0, limit: int = READ_LIMIT) -> Completed:
        """Run a command of this machine, without a shell. A tree of files has none to run."""
        return run_command(argv, timeout, limit) if self.real else Completed(missing=True)
