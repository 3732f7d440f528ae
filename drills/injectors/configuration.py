"""Harm by what services find at their start: files that say something else, a port that is taken."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from drills.errors import LabError
from drills.injectors.injector import Injector
from drills.injectors.machine import hog
from drills.lab import Lab, wait_for_port
from drills.layout import BY_NAME, MachineName
from drills.services import shop

STARTING, GIVING_UP = 20.0, 8.0


class FileChanged(Injector, frozen=True, kw_only=True):
    """A file says something else, or may be read by others; whoever reads it is made to take that in."""

    host: MachineName
    file: str
    text: str = ""
    """The whole of it; else a ``replace`` in what there is."""
    replace: tuple[tuple[str, str], ...] = ()
    mode: str = ""
    """In octal digits."""
    then: tuple[tuple[str, ...], ...] = ()
    restart: str = ""
    """The process that is ended and started anew, to read it."""

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        node = lab[self.host]
        before, mode = node.path(self.file).read_text(), node.path(self.file).stat().st_mode
        wrong = self.text or before
        for old, new in self.replace:
            if old not in wrong:
                raise LabError(f"{self.file} on {self.host} has no {old!r}")
            wrong = wrong.replace(old, new)
        self._put(lab, wrong, int(self.mode, 8) if self.mode else mode)
        yield
        self._put(lab, before, mode)

    def _put(self, lab: Lab, text: str, mode: int) -> None:
        file = lab[self.host].path(self.file)
        file.write_text(text)  # in place: owner and mode stay
        file.chmod(mode)
        for argv in self.then:
            lab[self.host].run(*argv)
        if self.restart:
            lab[self.host].kill(self.restart)
            lab.start_services(BY_NAME[self.host])


class StartedTooEarly(Injector, frozen=True, kw_only=True):
    """The shop is started while names are not served yet, for a moment, and ends; nobody starts it again."""

    host: MachineName

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        node, resolver, place = lab[self.host], BY_NAME["dns1"], BY_NAME[self.host]
        node.write(f"{shop.SWITCHES}/strict", "")
        lab[resolver.name].kill("dnsmasq")
        node.kill("shopd")
        lab.start_services(place)
        until = time.monotonic() + STARTING
        while "not reachable at start" not in node.path(shop.LOG).read_text()[-500:]:
            if time.monotonic() > until:
                raise LabError(f"the shop on {self.host} does not give up")
            time.sleep(0.05)
        lab.start_services(resolver)
        yield
        node.path(f"{shop.SWITCHES}/strict").unlink()
        lab.start_services(place)


class PortTaken(Injector, frozen=True, kw_only=True):
    """A program listens where a service wants to when that is started anew, and ends once that gave up.

    Had it stayed, the agent would have taken it for a service, and missed it after the repair.
    """

    host: MachineName
    port: int
    process: str

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        node, place = lab[self.host], BY_NAME[self.host]
        node.kill(self.process)
        hog(node, "listens", "reportd", str(self.port))
        wait_for_port(node, "127.0.0.1", self.port)
        lab.start_services(place)
        until = time.monotonic() + GIVING_UP
        while node.processes(self.process) and time.monotonic() < until:
            time.sleep(0.05)
        node.kill("reportd")
        yield
        node.kill(self.process)
        lab.start_services(place)
