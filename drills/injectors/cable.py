"""Harm to one cable between a machine and its switch: it comes and goes, or treats packets badly."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from drills.injectors.injector import Injector
from drills.injectors.machine import wait_for
from drills.lab import Lab
from drills.layout import CABLES, Cable, MachineName
from drills.node import Node, Service
from drills.services.shop import PROGRAMS, PYTHON
from drills.wiring import BRIDGE

NEAR, FAR, STUB, SPLICE = "splice-near", "splice-far", "br-splice", "splice"


def cable_of(host: str, nic: str) -> Cable:
    (found,) = (one for one in CABLES if (one.machine, one.nic) == (host, nic))
    return found


class LinkFlaps(Injector, frozen=True, kw_only=True):
    """A loose plug: the link goes and comes back, again and again."""

    host: MachineName
    nic: str = "eth0"
    down: float = 1.0
    up: float = 1.0

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        cable, over = cable_of(self.host, self.nic), threading.Event()
        far = lab[cable.other]

        def flap() -> None:
            while not over.is_set():
                far.ip(f"link set {cable.far} down")
                over.wait(self.down)
                far.ip(f"link set {cable.far} up")
                over.wait(self.up)

        hand = threading.Thread(target=flap, daemon=True)
        hand.start()
        try:
            yield
        finally:
            over.set()
            hand.join()


class CableBad(Injector, frozen=True, kw_only=True):
    """What crosses the cable arrives late, damaged, or behind what was sent after it.

    This kernel has no netem: the switch's end of the cable is led through a program.
    """

    host: MachineName
    nic: str = "eth0"
    delay: float = 0.0
    """Milliseconds, each way."""
    jitter: float = 0.0
    """Up to so many milliseconds more; later frames may overtake."""
    damage: float = 0.0
    """Per cent of the frames for the machine in which a bit is turned over."""
    late: float = 0.0
    """Per cent of the frames that some others overtake."""

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        cable = cable_of(self.host, self.nic)
        switch = lab[cable.other]
        self._start(switch)
        ends = (f"link set {NEAR} master {STUB} up", f"link set {FAR} master {BRIDGE} up")
        stub = f"link add {STUB} type bridge stp_state 0 forward_delay 0 mcast_snooping 0"
        switch.ip(stub, f"link set {STUB} up", *ends, f"link set {cable.far} master {STUB}")
        yield
        switch.ip(f"link set {cable.far} master {BRIDGE}")
        switch.kill(SPLICE)  # and its devices end with it
        switch.ip(f"link del {STUB}")

    def _start(self, switch: Node) -> None:
        wishes = {"delay": self.delay, "jitter": self.jitter, "damage": self.damage, "late": self.late}
        options = [word for name, wish in wishes.items() for word in (f"--{name}", str(wish))]
        argv = (*PYTHON, str(PROGRAMS / "splice.py"), SPLICE, NEAR, FAR, *options)
        switch.start(Service(name=SPLICE, argv=argv, log="/dev/null"))
        wait_for(switch, SPLICE)
