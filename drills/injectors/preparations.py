"""Changes that harm nobody by themselves: what a later harm finds in the lab."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from drills.in_lab import CONFIG
from drills.injectors.injector import Injector, lab_of
from drills.injectors.machine import restart_agent
from drills.lab import Lab, wait_for_success
from drills.layout import BY_NAME, MachineName
from drills.node import Service
from drills.product import Rootward
from drills.services import nginx
from drills.services.optional import ServiceName


class ServiceAdded(Injector, frozen=True, kw_only=True):
    """A further program runs on a machine, from now on: it stays when the drill is over."""

    host: MachineName
    process: str
    argv: tuple[str, ...]

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        if not lab[self.host].processes(self.process):
            lab[self.host].start(
                Service(name=self.process, argv=self.argv, log=f"/var/log/{self.process}.log")
            )
            wait_for_success(lab[self.host], ("pgrep", "-x", self.process), f"{self.process} on {self.host}")
        yield


class ServicesNeeded(Injector, frozen=True, kw_only=True):
    """Services that not every lab runs; they stay when the drill is over. See drills/services/optional.py."""

    services: tuple[ServiceName, ...]

    @contextmanager
    def on(self, product: Rootward) -> Iterator[None]:
        if lab_of(product).add(self.services):
            product.wait_until_known()
        yield

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        lab.add(self.services)
        yield


class BackendsPooled(Injector, frozen=True, kw_only=True):
    """Every web server spreads its requests over all shops."""

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        for host in nginx.BACKENDS:
            nginx.configure(lab[host], sorted(nginx.BACKENDS.values()))
            nginx.reload(lab[host])
        yield
        for host, backend in nginx.BACKENDS.items():
            nginx.configure(lab[host], [backend])
            nginx.reload(lab[host])


class CertificateRenewed(Injector, frozen=True, kw_only=True):
    """A web server gets a certificate that is valid from this moment on."""

    host: MachineName

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        nginx.install(lab[self.host], *lab.authority.issue(BY_NAME[self.host].fqdn))
        nginx.reload(lab[self.host])
        yield


class LooksAdded(Injector, frozen=True, kw_only=True):
    """The agent of a machine is told to look at more, from now on."""

    host: MachineName
    looks: str
    """What is added to its configuration, in TOML."""

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        configuration = lab[self.host].path(CONFIG)
        known = configuration.read_text()
        if self.looks not in known:
            configuration.write_text(f"{known}\n{self.looks}\n")
            restart_agent(lab, self.host)
        yield
