"""Changes that harm nobody by themselves: what a later harm finds in the lab."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from drills.injectors.injector import Injector
from drills.lab import Lab
from drills.layout import BY_NAME, MachineName
from drills.node import Service
from drills.services import nginx


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
