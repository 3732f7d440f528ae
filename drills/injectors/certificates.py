"""Harm to what a web server shows of itself: its certificate, and the chain that leads to a root."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from drills.injectors.injector import Injector
from drills.lab import Lab
from drills.layout import BY_NAME, MachineName
from drills.services import nginx
from drills.services.authority import Authority


@contextmanager
def shown(lab: Lab, host: str, key: str, chain: str) -> Iterator[None]:
    """The web server of the host shows this chain, until it gets a good certificate again."""
    nginx.install(lab[host], key, chain)
    nginx.reload(lab[host])
    yield
    nginx.install(lab[host], *lab.authority.issue(BY_NAME[host].fqdn))
    nginx.reload(lab[host])


class CertificateExpired(Injector, frozen=True, kw_only=True):
    """The certificate of a web server ran out: nobody renewed it."""

    host: MachineName

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        with shown(
            lab, self.host, *lab.authority.issue(BY_NAME[self.host].fqdn, days=30, made="31 days ago")
        ):
            yield


class CertificateReplaced(Injector, frozen=True, kw_only=True):
    """Somebody installs another certificate, which is not as it should be."""

    host: MachineName
    name: str = ""
    """Whom it is for; empty: the host itself."""
    days: int = 90
    made: str = ""
    """When it begins, as faketime reads it; empty: now."""
    by: Literal["site", "stranger", "subordinate"] = "site"
    """Who signed it; that of a subordinate is shown without the link that leads to the root."""

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        name = self.name or BY_NAME[self.host].fqdn
        with shown(lab, self.host, *self.signer(lab.authority).issue(name, days=self.days, made=self.made)):
            yield

    def signer(self, site: Authority) -> Authority:
        if self.by == "site":
            return site
        return Authority(site.place / self.by, under=site if self.by == "subordinate" else None)
