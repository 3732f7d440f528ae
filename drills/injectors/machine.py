"""Harm to a whole machine or to what its kernel hands out: power, processor, memory, files, time."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from drills import cgroups, clock
from drills.errors import LabError, NotPossible
from drills.injectors.injector import Injector
from drills.kernel_log import KernelLog
from drills.lab import PATIENCE, Lab
from drills.layout import BY_NAME, MachineName
from drills.node import Node, Service
from drills.services import nginx, shop
from drills.services.shop import PROGRAMS, PYTHON

AGENT = "rootward"
STOPPING = 30.0
LIMIT = 48 * 1024 * 1024
ROOM = 192 * 1024 * 1024
"""More than any other program of a host holds: the kernel kills the biggest."""


def hog(node: Node, kind: str, name: str, *rest: str, program: str = "hog") -> None:
    argv = (*PYTHON, str(PROGRAMS / f"{program}.py"), kind, name, *rest)
    node.start(Service(name=name, argv=argv, log=f"/var/log/{name}.log"))


def wait_for(node: Node, name: str, seconds: float = PATIENCE) -> int:
    """The pid of a process that is starting. Raises LabError when it does not."""
    until = time.monotonic() + seconds
    while not (found := node.processes(name)):
        if time.monotonic() > until:
            raise LabError(f"{name} does not start on {node.name}")
        time.sleep(0.05)
    return found[0]


def restart_agent(lab: Lab, host: str) -> None:
    """In order; it reads its configuration and its environment anew."""
    node = lab[host]
    node.kill(AGENT, signal.SIGTERM)
    until = time.monotonic() + STOPPING
    while node.processes(AGENT) and time.monotonic() < until:
        time.sleep(0.05)
    lab.booted(host)


class PowerLost(Injector, frozen=True, kw_only=True):
    """The plug is pulled."""

    host: MachineName

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        # A machine without power says no farewell to its peers: its cables are gone before its processes.
        lab[self.host].ip(*(f"link del {port.nic}" for port in BY_NAME[self.host].ports))
        lab[self.host].power_off()
        yield
        lab.power_on(self.host)


class Rebooted(Injector, frozen=True, kw_only=True):
    """The machine starts anew though nobody asked it to: a short loss of power."""

    host: MachineName

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        lab[self.host].ip(*(f"link del {port.nic}" for port in BY_NAME[self.host].ports))
        lab[self.host].power_off()
        lab.power_on(self.host)
        yield


class ProcessorsCut(Injector, frozen=True, kw_only=True):
    """Somebody lowered how much of a processor a machine may use."""

    host: MachineName
    processors: float

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        node = lab[self.host]
        if not node.group.give_processors(self.processors):
            raise NotPossible("this machine cannot limit processor time")
        yield
        node.group.give_processors(node.machine.processors)


class AgentKilled(Injector, frozen=True, kw_only=True):
    """Only the agent dies; the host goes on."""

    host: MachineName

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        if not lab[self.host].kill(AGENT):
            raise LabError(f"{self.host} runs no agent")
        yield
        lab.booted(self.host)


class CpuBurnt(Injector, frozen=True, kw_only=True):
    """Programs compute without end."""

    host: MachineName
    process: str = "reportd"
    count: int = 2

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        node = lab[self.host]
        if node.group.processor_seconds() is None:
            raise NotPossible("this machine does not count processor time per control group")
        for _ in range(self.count):
            hog(node, "cpu", self.process)
        yield
        node.kill(self.process)


class MemoryEaten(Injector, frozen=True, kw_only=True):
    """A program takes more memory than its control group may; the kernel kills it."""

    host: MachineName
    process: str = "reportd"

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        node = lab[self.host]
        group = limited_group(node)
        hog(node, "memory", self.process, "/run/go")
        pid = wait_for(node, self.process)
        (group / "cgroup.procs").write_text(str(pid))
        with contextlib.closing(KernelLog()) as kernel:
            node.write("/run/go", "")
            kernel.copy(node, f"Killed process {pid}")
        yield
        node.path("/run/go").unlink()
        cgroups.remove(group)


def limited_group(node: Node) -> Path:
    """A memory group below the host's own. Raises NotPossible where there is no memory controller."""
    for controller, file in (("memory", "memory.limit_in_bytes"), ("unified", "memory.max")):
        place = node.group.places.get(controller)
        if place is None:
            continue
        group = place / "batch"
        group.mkdir(exist_ok=True)
        with contextlib.suppress(OSError):
            (group / file).write_text(str(LIMIT))
            return group
    raise NotPossible("this machine gives no control of memory")


class MemoryLeaks(Injector, frozen=True, kw_only=True):
    """The shop takes ever more memory; the kernel kills it, its supervisor starts it again, and so on."""

    host: MachineName

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        node = lab[self.host]
        place = node.group.places.get("memory")
        if place is None:
            raise NotPossible("this machine gives no control of memory")
        limit, used = place / "memory.limit_in_bytes", place / "memory.usage_in_bytes"
        node.kill("shopd")
        limit.write_text(str(int(used.read_text()) + ROOM))
        node.write(f"{shop.SWITCHES}/leak", "")
        over = threading.Event()
        with ThreadPoolExecutor(1) as watching:
            watching.submit(_tell_of_kills, node, "shopd", over)
            node.start(shop.service(restart=True))
            try:
                yield
            finally:
                over.set()
        node.path(f"{shop.SWITCHES}/leak").unlink()
        node.forget("shopd")
        node.kill("shopd")
        limit.write_text("-1")
        shop.start(node)


def _tell_of_kills(node: Node, process: str, over: threading.Event) -> None:
    with contextlib.closing(KernelLog()) as kernel:
        while not over.is_set():
            with contextlib.suppress(NotPossible):  # none was killed meanwhile
                kernel.copy(node, f"({process})", seconds=1)


class FilesExhausted(Injector, frozen=True, kw_only=True):
    """Idle clients hold more connections than nginx may have open files."""

    host: MachineName
    by: MachineName

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        client, count = lab[self.by], nginx.FILES + 10
        hog(client, "connections", "crawler", BY_NAME[self.host].address, "443", str(count))
        yield
        client.kill("crawler")


class ClockSkewed(Injector, frozen=True, kw_only=True):
    """The clock of a host is wrong by some seconds, as its programs see it once they are started anew."""

    host: MachineName
    seconds: int

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        lab.environment[self.host] = clock.wrong_by(self.seconds)
        restart_agent(lab, self.host)
        yield
        del lab.environment[self.host]
        restart_agent(lab, self.host)
