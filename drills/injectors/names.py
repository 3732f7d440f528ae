"""Harm to the answers of the name server, by what stands before it or behind it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from drills import layout
from drills.injectors.injector import Injector
from drills.injectors.machine import wait_for
from drills.injectors.network import TABLE, table
from drills.lab import Lab
from drills.layout import BY_NAME, RESOLVER, MachineName
from drills.node import Node, Service
from drills.services import dnsmasq
from drills.services.shop import PROGRAMS, PYTHON

RELAY, INNER_PORT = "relay", 5353


def relay(node: Node, port: int, *rest: str) -> None:
    argv = (*PYTHON, str(PROGRAMS / "relay.py"), RELAY, str(port), *rest)
    node.start(Service(name=RELAY, argv=argv, log=f"/var/log/{RELAY}.log"))
    wait_for(node, RELAY)


class AnswersLate(Injector, frozen=True, kw_only=True):
    """The name server takes its time."""

    seconds: float = 1.0

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        node = lab["dns1"]
        relay(node, INNER_PORT, "late", str(self.seconds), RESOLVER)
        hook = "type nat hook prerouting priority -100"
        node.nft(table("ip", "ahead", hook, f"udp dport 53 redirect to :{INNER_PORT}"))
        yield
        node.nft(f"delete table ip {TABLE}")
        node.kill(RELAY)


class ForwarderBroken(Injector, frozen=True, kw_only=True):
    """The names of the site come from a name server elsewhere, and that one answers with SERVFAIL."""

    at: MachineName = layout.OUTSIDE

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        node, other = lab["dns1"], lab[self.at]
        relay(other, 53, "fail")
        dnsmasq.write_zone(node, {}, elsewhere=BY_NAME[self.at].address)
        node.kill("dnsmasq", signal.SIGHUP)
        yield
        dnsmasq.write_zone(node, layout.zone())
        node.kill("dnsmasq", signal.SIGHUP)
        other.kill(RELAY)
