"""One machine of the lab: its own network, processes, root, name and clock of its boot."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from drills.cgroups import Group
from drills.command import run
from drills.errors import LabError
from drills.rack import Rack

SUPERVISOR = Path(__file__).with_name("supervisor.py")
DYING = 30.0
BOOT_ID = "/proc/sys/kernel/random/boot_id"
SYSCTL = {"net.ipv6.conf.all.disable_ipv6": "1", "net.ipv6.conf.default.disable_ipv6": "1"}


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """A program that a host runs, as its first process starts it."""

    name: str
    argv: tuple[str, ...]
    log: str
    env: dict[str, str] = {}
    user: str = ""
    restart: bool = False


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """What a machine is made of."""

    name: str
    rooted: bool = True
    """Has a root and disks of its own; a switch has not."""
    files: dict[str, str] = {}
    """Written at each boot: path → text."""
    sysctl: dict[str, str] = {}
    volumes: dict[str, int] = {}
    """Mount point → size in megabytes."""
    processors: float = 1.0
    """How much of one processor it has; to itself that is one whole processor."""
    memory: int = 0
    """Megabytes; 0: as much as there is."""
    tasks: int = 0
    """Most processes and threads; 0: as many as there can be."""


class Node:
    """A machine that can be booted, cut off and used. Entered by the pid of its first process."""

    def __init__(self, rack: Rack, machine: Machine, shared: Sequence[str] = ()) -> None:
        self.rack, self.machine, self.name, self.shared = rack, machine, machine.name, tuple(shared)
        self.group = Group(f"{rack.name}.{machine.name}")
        self.pid = 0
        self.booted = time.time()
        self._process: subprocess.Popen[str] | None = None
        self._asking = threading.Lock()

    @property
    def up(self) -> bool:
        return self._process is not None

    def boot(self) -> None:
        """Raises LabError with the console's last words when it does not come up."""
        self.booted = time.time()
        if self.machine.rooted:
            self.group.limit(self.machine)
        self._process = subprocess.Popen(
            [*self.rack.prefix_argv, sys.executable, "-I", "-S", str(SUPERVISOR)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            self.pid = self._ask(self._config())
            self._answer()
        except (LabError, ValueError) as error:
            raise LabError(f"{self.name} does not boot: {error}") from None

    def _config(self) -> dict[str, Any]:
        machine = self.machine
        config: dict[str, Any] = {
            "name": self.name,
            "files": machine.files,
            "sysctl": {**SYSCTL, **machine.sysctl},
            "cgroups": [str(place) for place in self.group.places.values()],
            "controllers": [],
            "disk": "",
        }
        if not machine.rooted:
            return config
        boot_id = self.rack.path(f"{self.name}.boot_id")
        boot_id.write_text(f"{uuid.uuid4()}\n")
        processor = self.rack.path(f"{self.name}.stat")
        processor.write_text(processor_times(0.0, 0.0, self.booted))
        taint = self.rack.path(f"{self.name}.tainted")
        taint.write_text("0\n")
        return config | {
            "disk": self.rack.disk(self.name),
            "shared": list(self.shared),
            "controllers": self.group.controllers(),
            "volumes": {
                self.rack.volume(self.name, Path(place).name, size): place
                for place, size in machine.volumes.items()
            },
            "binds": self.group.pressure()
            | {
                f"{self.rack.place}/{boot_id.name}": BOOT_ID,
                f"{self.rack.place}/{processor.name}": "/proc/stat",
                f"{self.rack.place}/{taint.name}": "/proc/sys/kernel/tainted",
            },
        }

    def _answer(self) -> str:
        if self._process is None or self._process.stdout is None:
            raise LabError(f"{self.name} is not up")
        line = self._process.stdout.readline()
        if not line:
            _, said = self._process.communicate(timeout=5)
            raise LabError(said.strip()[-1000:] or "its first process ended")
        return line

    def _ask(self, request: Mapping[str, Any]) -> int:
        with self._asking:
            if self._process is None or self._process.stdin is None:
                raise LabError(f"{self.name} is not up")
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            return int(self._answer())

    def start(self, service: Service) -> int:
        """Starts a program as a child of the host's first process; its pid inside the host."""
        return self._ask(msgspec.to_builtins(service))

    def forget(self, name: str) -> None:
        """The service of this name is not started again when it ends."""
        self._ask({"name": name})

    def inside(self, *argv: str) -> list[str]:
        """The command line that runs ``argv`` on the host, for the caller to start."""
        return ["nsenter", "--target", str(self.pid), "--all", "--wd", "--root", "--", *argv]

    def run(
        self, *argv: str, timeout: float = 20, stdin: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        return run(self.inside(*argv), timeout=timeout, stdin=stdin, check=check)

    def ip(self, *lines: str) -> None:
        """Lines for ``ip -batch``."""
        argv = ["nsenter", "--target", str(self.pid), "--net", "--", "ip", "-batch", "-"]
        run(argv, stdin="\n".join(lines) + "\n")

    def nft(self, rules: str, *, check: bool = True) -> None:
        argv = ["nsenter", "--target", str(self.pid), "--net", "--", "nft", "-f", "-"]
        run(argv, stdin=rules, check=check)

    def path(self, inside: str) -> Path:
        """A file of the host, as this process reaches it. Follows no absolute link inside the host."""
        return Path(f"/proc/{self.pid}/root{inside}")

    def read(self, inside: str) -> bytes:
        return self.path(inside).read_bytes()

    def write(self, inside: str, text: str, mode: int = 0o644) -> None:
        place = self.path(inside)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        place.chmod(mode)

    def processes(self, name: str = "") -> list[int]:
        """Pids, as this process sees them, of the host's processes (of that name), oldest first."""
        found = [pid for pid in self._pids() if not name or command_of(pid) == name]
        return sorted(found, key=lambda pid: (started(pid), pid))  # numbers begin anew after the highest

    def peaks(self, process: str) -> list[int]:
        """Megabytes that each process of that name held at its most."""
        return [peak_of(pid) for pid in self.processes(process)]

    def _pids(self) -> Iterator[int]:
        mine = namespace_of(self.pid)
        for pid in sorted(int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()):
            with contextlib.suppress(OSError):
                if namespace_of(pid) == mine and pid != self.pid:
                    yield pid

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> int:
        """Signals every process of that name; how many there were. After SIGKILL they are gone."""
        found = self.processes(name)
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        until = time.monotonic() + DYING
        while number == signal.SIGKILL and set(found) & set(self.processes(name)):
            if time.monotonic() > until:
                raise LabError(f"{name} on {self.name} does not die")
            time.sleep(0.02)
        return len(found)

    def power_off(self) -> None:
        """As by pulling the plug: every process ends and every link loses its carrier, at once."""
        if self._process is None:
            return
        if self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        else:  # it did not come up
            self._process.kill()
        self._process.wait(timeout=60)  # what waits for a disk ends with its answer
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        self._process, self.pid = None, 0


def namespace_of(pid: int) -> int:
    """The pid namespace that a process is in. Raises OSError when it has ended."""
    return Path(f"/proc/{pid}/ns/pid").stat().st_ino


def started(pid: int) -> int:
    """When a process began, in ticks since the machine's boot; 0 for one that has ended (proc(5), stat)."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    except OSError:
        return 0


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().rstrip("\n")
    except OSError:
        return ""


def peak_of(pid: int) -> int:
    """Megabytes (proc(5), VmHWM); 0 for a process that has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM:")), 0)


def processor_times(used: float, lived: float, booted: float) -> str:
    """/proc/stat of a machine with one processor, of fixed width so that it is rewritten in one write."""
    ticks = os.sysconf("SC_CLK_TCK")
    busy, idle = int(used * ticks), int(max(0.0, lived - used) * ticks)
    times = f"{busy:012d} 0 0 {idle:012d} 0 0 0 0 0 0"
    rest = f"btime {int(booted)}\nprocesses 1\nprocs_running 1\nprocs_blocked 0\n"
    return f"cpu  {times}\ncpu0 {times}\nctxt 0\n{rest}"
