"""Harm to links, switches, routes and filters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from drills import wiring
from drills.injectors.injector import Injector
from drills.lab import Lab
from drills.layout import BY_NAME, CABLES, PREFIX, SWITCHES, MachineName

TABLE = "drill"


def table(family: str, chain: str, hook: str, rule: str) -> str:
    """One rule at one hook, as ``nft -f`` reads it (old versions want each on a line of its own)."""
    return f"table {family} {TABLE} {{\nchain {chain} {{\n{hook};\n{rule}\n}}\n}}\n"


class CablePulled(Injector, frozen=True, kw_only=True):
    """The far end of a cable goes down; this end has no carrier."""

    host: MachineName
    nic: str = "eth0"

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        (cable,) = (one for one in CABLES if (one.machine, one.nic) == (self.host, self.nic))
        lab[cable.other].ip(f"link set {cable.far} down")
        yield
        lab[cable.other].ip(f"link set {cable.far} up")
        if cable.other not in SWITCHES:
            wiring.address(lab[cable.other])


class CardsDown(Injector, frozen=True, kw_only=True):
    """Every network card of a machine is dead; the machine itself lives."""

    host: MachineName

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        lab[self.host].ip(*(f"link set {port.nic} down" for port in BY_NAME[self.host].ports))
        yield
        wiring.address(lab[self.host])


class SwitchOff(Injector, frozen=True, kw_only=True):
    """A switch without power: every port loses its carrier."""

    switch: MachineName

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        ports = [cable.far for cable in CABLES if cable.other == self.switch]
        lab[self.switch].ip(*(f"link set {port} down" for port in ports))
        yield
        lab[self.switch].ip(*(f"link set {port} up" for port in ports))


class PacketsLost(Injector, frozen=True, kw_only=True):
    """A bad cable: some packets that arrive are dropped, at random."""

    host: MachineName
    nic: str = "eth0"
    percent: int = 40

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        hook = f'type filter hook ingress device "{self.nic}" priority 0'
        rule = f"numgen random mod 100 < {self.percent} drop"
        lab[self.host].nft(table("netdev", "loss", hook, rule))
        yield
        lab[self.host].nft(f"delete table netdev {TABLE}")


class WrongGateway(Injector, frozen=True, kw_only=True):
    """Somebody typed the wrong default gateway."""

    host: MachineName
    gateway: str

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        lab[self.host].ip(f"route replace default via {self.gateway} dev eth0")
        yield
        wiring.address(lab[self.host])


class RouteRemoved(Injector, frozen=True, kw_only=True):
    """A route is not there any more."""

    host: MachineName
    route: str = "default"

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        lab[self.host].ip(f"route del {self.route}")
        yield
        wiring.address(lab[self.host])


class AddressTaken(Injector, frozen=True, kw_only=True):
    """Another machine takes an address that is in use, and says so to all."""

    address: str
    by: MachineName

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        thief = lab[self.by]
        thief.ip(f"addr add {self.address}/{PREFIX} dev eth0")
        thief.run("arping", "-A", "-c", "2", "-I", "eth0", self.address, check=False)
        yield
        thief.ip(f"addr del {self.address}/{PREFIX} dev eth0")
        owner = next(place.name for place in BY_NAME.values() if place.address == self.address)
        lab[owner].run("arping", "-A", "-c", "2", "-I", "eth0", self.address, check=False)


class PortFiltered(Injector, frozen=True, kw_only=True):
    """A host's own filter drops what comes for a port."""

    host: MachineName
    port: int
    protocol: Literal["tcp", "udp"] = "tcp"

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        rule = f"{self.protocol} dport {self.port} drop"
        lab[self.host].nft(table("inet", "into", "type filter hook input priority 0", rule))
        yield
        lab[self.host].nft(f"delete table inet {TABLE}")


class GatewayFilters(Injector, frozen=True, kw_only=True):
    """A rule on the gateway drops what is sent to a port through it."""

    gateway: MachineName = "gw"
    port: int
    to: MachineName

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        rule = f"ip daddr {BY_NAME[self.to].address} tcp dport {self.port} drop"
        lab[self.gateway].nft(table("inet", "through", "type filter hook forward priority 0", rule))
        yield
        lab[self.gateway].nft(f"delete table inet {TABLE}")
