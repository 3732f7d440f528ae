"""The plan of the lab: which machines there are, where they stand, and how they are wired."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec

DOMAIN = "lab.test"
RESOLVER = "10.77.1.53"
PREFIX = 24


class Port(msgspec.Struct, frozen=True):
    """One network card of a machine and where its cable goes."""

    nic: str
    address: str
    to: str
    """A switch or another machine; empty where the other end is the one that names the cable."""
    gateway: str = ""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """One machine of the lab."""

    name: str
    role: str
    ports: tuple[Port, ...]
    agent: bool = True
    volumes: dict[str, int] = {}
    forwards: bool = False
    processors: float = 1.0
    memory: int = 0
    """Megabytes it may use; 0: no limit of its own."""
    tasks: int = 0
    """Processes and threads it may have; 0: no limit of its own."""

    @property
    def address(self) -> str:
        return self.ports[0].address

    @property
    def fqdn(self) -> str:
        return f"{self.name}.{DOMAIN}"


SWITCHES = ("sw1", "sw2")
SERVER = "mon1"
GATEWAY = "gw"
OUTSIDE = "out1"


def _a(last: int) -> tuple[Port, ...]:
    return (Port("eth0", f"10.77.1.{last}", "sw1", "10.77.1.1"),)


def _b(last: int) -> tuple[Port, ...]:
    return (Port("eth0", f"10.77.2.{last}", "sw2", "10.77.2.1"),)


PLACES = (
    Place(
        name=GATEWAY,
        role="router",
        ports=(
            Port("eth0", "10.77.1.1", "sw1"),
            Port("eth1", "10.77.2.1", "sw2"),
            Port("eth2", "10.77.9.1", OUTSIDE),
        ),
        forwards=True,
    ),
    Place(
        name=OUTSIDE,
        role="partner",
        ports=(Port("eth0", "10.77.9.2", "", "10.77.9.1"),),
        agent=False,
    ),
    Place(name="dns1", role="resolver", ports=_a(53)),
    Place(name="web1", role="web", ports=_a(11), volumes={"/var/log": 24}),
    Place(name="web2", role="web", ports=_a(12), volumes={"/srv/data": 32}),
    Place(name="app1", role="app", ports=_a(21), volumes={"/srv/data": 32}, processors=0.3),
    Place(name="db1", role="database", ports=_b(21), volumes={"/srv/data": 160}),
    Place(name="app2", role="app", ports=_b(22), volumes={"/srv/data": 32}, memory=640, tasks=256),
    Place(name=SERVER, role="monitoring", ports=_b(50)),
    Place(name="ws1", role="workstation", ports=_b(60)),
)
BY_NAME = {place.name: place for place in PLACES}
NAMES = (*BY_NAME, *SWITCHES)
MachineName = Annotated[str, msgspec.Meta(pattern=f"^({'|'.join(NAMES)})$")]
"""A machine or switch of the lab, as drill files name it."""


class Cable(msgspec.Struct, frozen=True):
    """From a network card to a switch port, or to another card."""

    machine: str
    nic: str
    other: str
    far: str


CABLES = tuple(
    Cable(place.name, port.nic, port.to, f"{place.name}-{port.nic}" if port.to in SWITCHES else "eth0")
    for place in PLACES
    for port in place.ports
    if port.to
)


def mac_of(address: str) -> str:
    """A locally administered MAC that tells its address."""
    return "02:00:" + ":".join(f"{int(part):02x}" for part in address.split("."))


def resolv_conf(place: Place) -> str:
    return f"search {DOMAIN}\nnameserver {RESOLVER}\noptions timeout:2 attempts:2\n" if place.agent else ""


def timesyncd_conf(place: Place) -> str:
    """Only the workstation asks a source of its own network for the time."""
    return f"[Time]\nNTP={BY_NAME[SERVER].address}\n" if place.role == "workstation" else ""


def hosts_file(place: Place) -> str:
    return f"127.0.0.1 localhost\n127.0.1.1 {place.fqdn} {place.name}\n"


def fstab(place: Place) -> str:
    """Every volume by its label, as an installer writes it."""
    return "".join(
        f"/dev/disk/by-label/{Path(point).name} {point} ext4 defaults 0 2\n" for point in place.volumes
    )


def zone() -> dict[str, str]:
    """Every name of the lab and its address."""
    return {place.fqdn: place.address for place in PLACES}
