"""What people do with the product while a drill runs, through its documented interfaces."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import msgspec

from drills.product import Rootward
from drills.step import Step


class WorkPlanned(Step, frozen=True, kw_only=True):
    """A maintenance window that begins now."""

    entity: str
    """``host:app1`` stands for all of that host."""
    minutes: Annotated[float, msgspec.Meta(gt=0, le=600)] = 10.0
    why: str = "planned work"

    @contextmanager
    def on(self, product: Rootward) -> Iterator[None]:
        now = time.time()
        window: dict[str, object] = {"entity": self.entity, "starts_at": now, "why": self.why}
        number = product.console.post("/api/v1/maintenance", {**window, "ends_at": now + 60 * self.minutes})
        yield
        product.console.delete(f"/api/v1/maintenance/{number['id']}")


class ChangeTold(Step, frozen=True, kw_only=True):
    """A tool tells of a deployment. It stays told."""

    entity: str
    what: str = "deployed"

    @contextmanager
    def on(self, product: Rootward) -> Iterator[None]:
        product.console.post("/api/v1/changes", {"entity": self.entity, "what": self.what})
        yield


class ServerStopped(Step, frozen=True, kw_only=True):
    """The central server is stopped in order; undone, it is started again."""

    @contextmanager
    def on(self, product: Rootward) -> Iterator[None]:
        product.stop_server()
        yield
        product.start_server()


class SiteDeclared(Step, frozen=True, kw_only=True):
    """Somebody declares more of the site than the lab does: tables as a site file has them."""

    site: dict[str, Any]

    @contextmanager
    def on(self, product: Rootward) -> Iterator[None]:
        before = product.console.get("/api/v1/site")
        product.console.post("/api/v1/site", before | self.site)
        yield
        product.console.post("/api/v1/site", before)


Operation = WorkPlanned | ChangeTold | ServerStopped | SiteDeclared
