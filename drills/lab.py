"""A lab: machines booted, wired and serving, as small real sites are. The product comes on top of it."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from drills import layout, wiring
from drills.errors import LabError
from drills.layout import BY_NAME, PLACES, Place
from drills.node import Machine, Node, processor_times
from drills.rack import Rack
from drills.services import dnsmasq, nginx, optional, postgres, shop
from drills.services.authority import Authority

T = TypeVar("T")
PROJECT = Path(__file__).parent.parent
CLOCK_EVERY = 0.5
SERVING = (
    ("db1", 5432),
    ("app1", 8000),
    ("app2", 8000),
    (layout.OUTSIDE, nginx.PARTNER_PORT),
    ("web1", 443),
    ("web2", 443),
)
"""What answers when the lab is up."""
PATIENCE = 60.0
"""Seconds for something to get ready, on a machine that does much else."""


class Lab:
    """Used as a context: up inside, gone after. ``prefix`` names it among others; empty: any free name."""

    def __init__(self, prefix: str = "") -> None:
        self.rack = Rack(prefix)
        shared = shared_places()
        self.nodes: dict[str, Node] = {
            name: Node(self.rack, Machine(name=name, rooted=False)) for name in layout.SWITCHES
        }
        for place in PLACES:
            self.nodes[place.name] = Node(self.rack, machine_of(place), shared)
        self.at_boot: list[Callable[[str], None]] = []
        """Called with the name of a host after its services were started anew."""
        self.environment: dict[str, dict[str, str]] = {}
        """What the agent of a host is started with besides, by host."""
        self.added: list[optional.Optional] = []
        """Services that a drill asked for."""
        self._authority: Authority | None = None
        self._over = threading.Event()
        self._processors = threading.Thread(target=self._keep_processor_times, daemon=True)
        self._born: dict[str, tuple[float, float]] = {}

    def __enter__(self) -> Self:
        try:
            self.up()
        except BaseException:
            self.down()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.down()

    def __getitem__(self, name: str) -> Node:
        if name not in self.nodes:
            raise LabError(f"the lab has no machine {name!r}")
        return self.nodes[name]

    @property
    def authority(self) -> Authority:
        if self._authority is None:
            raise LabError("the lab is not up")
        return self._authority

    def up(self) -> None:
        """Machines, cables, then services in the order in which they need each other, until all serve."""
        each(lambda node: node.boot(), self.nodes.values())
        for switch in layout.SWITCHES:
            wiring.make_bridge(self.nodes[switch])
        wiring.wire(self.nodes, set(BY_NAME))
        self._processors.start()
        self._authority = Authority(self.rack.path("authority"))
        each(lambda place: self.authority.trusted_by(self[place.name]), PLACES)
        postgres.prepare(self["db1"])
        dnsmasq.start(self["dns1"], layout.zone())
        wait_for_port(self["dns1"], layout.RESOLVER, 53)
        each(self.start_services, [place for place in PLACES if place.name != "dns1"])
        for name, port in SERVING:
            wait_for_port(self["ws1"], BY_NAME[name].address, port)

    def start_services(self, place: Place) -> None:
        """What a machine starts at boot, its agent apart; what runs already stays as it is."""
        node = self[place.name]
        if place.role == "resolver" and not node.processes("dnsmasq"):
            dnsmasq.start(node, layout.zone())
        elif place.role == "database" and not node.processes("postgres"):
            postgres.start(node)
        elif place.role == "app" and not node.processes("shopd"):
            shop.start(node)
        elif place.role == "web" and not node.processes("nginx"):
            nginx.start(node, self.authority)
        elif place.role == "monitoring" and not node.processes("timeserver"):
            shop.start_time_source(node)
        elif place.role == "partner" and not node.processes("partner"):
            shop.start_partner(node, nginx.PARTNER_PORT)
        if place.role == "database" and not node.processes("backupd"):
            shop.start_backup(node)
        for one in self.added:
            if one.host == place.name and not node.processes(one.process):
                one.start(node)

    def add(self, names: Iterable[str]) -> bool:
        """Starts services that only some drills need, for the rest of the lab's life; False: all were there.

        Raises LabError for one that does not get ready.
        """
        new = [one for name in names if (one := optional.SERVICES[name]) not in self.added]
        for one in new:
            self.added.append(one)
            one.prepare(self[one.host])
            one.start(self[one.host])
        for one in new:
            wait_for_success(self[one.host], one.ready, f"{one.process} on {one.host}")
        return bool(new)

    def power_on(self, name: str) -> None:
        """Boots a machine that was off: new boot id, same disks, cables as before, services started."""
        self[name].boot()
        wiring.wire(self.nodes, {name})
        self.start_services(BY_NAME[name])
        self.booted(name)

    def booted(self, name: str) -> None:
        for start in self.at_boot:
            start(name)

    def down(self) -> None:
        self._over.set()
        if self._processors.is_alive():
            self._processors.join()
        try:
            each(lambda node: node.power_off(), self.nodes.values())
        finally:  # the kernel ends what is left when the rack is gone
            for node in self.nodes.values():
                node.group.remove()
            self.rack.remove()

    def _keep_processor_times(self) -> None:
        """What lxcfs does: each host's /proc/stat tells the processor time of that host only."""
        while not self._over.wait(CLOCK_EVERY):
            for name, node in list(self.nodes.items()):
                used = node.group.processor_seconds()
                if used is None or not node.machine.rooted:
                    continue
                first, since = self._born.setdefault(name, (used, time.monotonic()))
                busy = (used - first) / node.machine.processors
                with contextlib.suppress(OSError):  # the lab may be going down
                    file = self.rack.path(f"{name}.stat")
                    with file.open("r+") as times:
                        times.write(processor_times(busy, time.monotonic() - since, node.booted))


def machine_of(place: Place) -> Machine:
    return Machine(
        name=place.name,
        files={
            "/etc/hostname": place.name + "\n",
            "/etc/resolv.conf": layout.resolv_conf(place),
            "/etc/hosts": layout.hosts_file(place),
            "/etc/fstab": layout.fstab(place),
            **(shop.files() if place.role == "app" else {}),
            "/var/log/kern.log": "",
            "/etc/systemd/timesyncd.conf": layout.timesyncd_conf(place),
        },
        sysctl={"net.ipv4.ip_forward": "1"} if place.forwards else {},
        volumes=place.volumes,
        processors=place.processors,
        memory=place.memory,
        tasks=place.tasks,
    )


PRIVATE = (Path("/tmp"), Path("/run"))
"""What each host has for itself."""


def shared_places() -> list[str]:
    """Directories of the project and its Python that a host would not see through its overlay."""
    root = Path("/").stat().st_dev
    places = {PROJECT.resolve(), Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve()}
    hidden = {place for place in places if any(place.is_relative_to(private) for private in PRIVATE)}
    return sorted(str(place) for place in places if place in hidden or place.stat().st_dev != root)


def each(work: Callable[[T], object], things: Iterable[T]) -> None:
    """Does the work for all at once; raises the first failure after all have ended.

    Interrupted, it waits for what has begun only.
    """
    with ThreadPoolExecutor(max_workers=8) as pool:
        try:
            for future in [pool.submit(work, thing) for thing in things]:
                future.result()
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)
            raise


def wait_for_port(node: Node, address: str, port: int, seconds: float = PATIENCE) -> None:
    """Until a connection from the node succeeds. Raises LabError when it never does."""
    script = "import socket,sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 1).close()"
    argv = (sys.executable, "-I", "-S", "-c", script, address, str(port))
    wait_for_success(node, argv, f"{address} port {port} for {node.name}", seconds)


def wait_for_success(node: Node, argv: Sequence[str], what: str, seconds: float = PATIENCE) -> None:
    """Until a command succeeds on the node. Raises LabError when it never does."""
    until = time.monotonic() + seconds
    while node.run(*argv, check=False).returncode:
        if time.monotonic() > until:
            raise LabError(f"{what} does not get ready")
        time.sleep(0.1)
