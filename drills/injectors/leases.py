"""DHCP in the lab: who hands out addresses on a segment, and what goes wrong with that."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from drills.injectors.injector import Injector
from drills.injectors.machine import wait_for
from drills.lab import Lab
from drills.layout import BY_NAME, PREFIX, SWITCHES, MachineName
from drills.node import Node, Service
from drills.wiring import BRIDGE

SERVER = "dnsmasq"
OPTIONS, LEASES = "dhcp-options", "leases"
FIRST, LAST = 200, 209
FOR_EVER = 2_000_000_000
"""Seconds since the epoch at which a lease ends."""


class DhcpServer(Injector, frozen=True, kw_only=True):
    """A machine hands out addresses, from now on; a switch gets one of its own for that."""

    at: MachineName
    address: str
    """Its own, on the segment that it serves."""

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        node = lab[self.at]
        if not node.processes(SERVER):
            if self.at in SWITCHES:
                node.ip(f"addr replace {self.address}/{PREFIX} dev {BRIDGE}")
            tell_router(node, gateway_of(self.address))
            serve(node, self.address)
        yield


class RouterMistyped(Injector, frozen=True, kw_only=True):
    """A DHCP server tells its clients another router than the right one."""

    at: MachineName
    address: str
    router: str

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        for router in (self.router, gateway_of(self.address)):
            tell_router(lab[self.at], router)
            lab[self.at].kill(SERVER, signal.SIGHUP)
            if router == self.router:
                yield


class AddressesTaken(Injector, frozen=True, kw_only=True):
    """Machines that are long gone hold every address that a DHCP server has."""

    at: MachineName
    address: str

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        node, network = lab[self.at], self.address.rpartition(".")[0]
        held = [
            f"{FOR_EVER} 02:00:00:00:00:{last:02x} {network}.{last} * *" for last in range(FIRST, LAST + 1)
        ]
        for leases in ("\n".join(held) + "\n", ""):
            node.kill(SERVER)
            node.write(file_of(node, LEASES), leases)
            serve(node, self.address)
            if leases:
                yield


def gateway_of(address: str) -> str:
    return next(
        port.gateway
        for place in BY_NAME.values()
        for port in place.ports
        if port.gateway and port.address.rpartition(".")[0] == address.rpartition(".")[0]
    )


def file_of(node: Node, what: str) -> str:
    """A switch has no disk of its own, so that its files are in the rack."""
    return f"{node.rack.place if node.name in SWITCHES else '/run'}/{node.name}.{what}"


def tell_router(node: Node, router: str) -> None:
    """What clients are told; read anew on SIGHUP."""
    node.write(file_of(node, OPTIONS), f"option:router,{router}\n")


def serve(node: Node, address: str) -> None:
    network = address.rpartition(".")[0]
    ports = () if node.name in SWITCHES else BY_NAME[node.name].ports
    nic = next((port.nic for port in ports if port.address == address), BRIDGE)
    argv = (
        *(SERVER, "--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--user=root", "--no-ping"),
        *("--bind-interfaces", f"--interface={nic}", "--except-interface=lo", "--dhcp-authoritative"),
        f"--dhcp-range={network}.{FIRST},{network}.{LAST},1h",
        f"--dhcp-leasefile={file_of(node, LEASES)}",
        f"--dhcp-optsfile={file_of(node, OPTIONS)}",
        "--pid-file=",
    )
    node.start(Service(name=SERVER, argv=argv, log="/dev/null"))
    wait_for(node, SERVER)
