"""Harm to services and the names they go by."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from drills import layout
from drills.errors import LabError
from drills.injectors.injector import Injector
from drills.lab import Lab
from drills.layout import BY_NAME, MachineName
from drills.services import dnsmasq, shop


class Killed(Injector, frozen=True, kw_only=True):
    """Every process of a service ends at once, and nothing starts it again."""

    host: MachineName
    process: str
    by: Literal["SIGKILL", "SIGSEGV"] = "SIGKILL"

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        if not lab[self.host].kill(self.process, signal.Signals[self.by]):
            raise LabError(f"{self.host} runs no {self.process}")
        yield
        lab.start_services(BY_NAME[self.host])


class Revived(Injector, frozen=True, kw_only=True):
    """Does nothing; undone, it starts the services of a host again, where this one has died meanwhile."""

    host: MachineName
    process: str

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        yield
        if not lab[self.host].processes(self.process):
            lab.start_services(BY_NAME[self.host])


class Stopped(Injector, frozen=True, kw_only=True):
    """A service hangs: its processes are there, its port is open, and nothing answers."""

    host: MachineName
    process: str

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        if not lab[self.host].kill(self.process, signal.SIGSTOP):
            raise LabError(f"{self.host} runs no {self.process}")
        yield
        lab[self.host].kill(self.process, signal.SIGCONT)


class CrashLoops(Injector, frozen=True, kw_only=True):
    """The shop ends soon after each start, and its supervisor starts it again and again."""

    host: MachineName

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        node = lab[self.host]
        node.write(f"{shop.SWITCHES}/crash", "")
        node.kill("shopd")
        node.start(shop.service(restart=True))
        yield
        node.path(f"{shop.SWITCHES}/crash").unlink()
        node.forget("shopd")
        node.kill("shopd")
        shop.start(node)


class ShopTold(Injector, frozen=True, kw_only=True):
    """A bad release of the shop; drills/programs/shop.py says what each does."""

    host: MachineName
    to: Literal["bug", "slow", "empty"]

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        lab[self.host].write(f"{shop.SWITCHES}/{self.to}", "")
        yield
        lab[self.host].path(f"{shop.SWITCHES}/{self.to}").unlink()


class WrongRecord(Injector, frozen=True, kw_only=True):
    """Somebody typed a wrong address into the zone."""

    name: str
    address: str

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        dnsmasq.write_zone(lab["dns1"], layout.zone() | {self.name: self.address})
        lab["dns1"].kill("dnsmasq", signal.SIGHUP)
        yield
        dnsmasq.write_zone(lab["dns1"], layout.zone())
        lab["dns1"].kill("dnsmasq", signal.SIGHUP)
