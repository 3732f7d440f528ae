"""Puts together what can be discovered; a subject that cannot be read is left out, never guessed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from collectors.discovery.composites import composites
from collectors.discovery.connections import connections
from collectors.discovery.endpoints import endpoints
from collectors.discovery.gateways import gateways
from collectors.discovery.hardware import disks, machine
from collectors.discovery.listeners import listeners
from collectors.discovery.nics import nics
from collectors.discovery.packages import package_changes
from collectors.discovery.resolvers import resolvers
from collectors.discovery.storage import mounts
from collectors.discovery.stores import stores
from collectors.discovery.system import boot_id, kernel, operating_system
from collectors.discovery.time_sources import time_sources
from collectors.host import Host
from collectors.services.listening import all_services
from wire.inventory import Inventory

T = TypeVar("T")
MANY = 4096
FEW = 256


def discover(host: Host) -> Inventory:
    """Everything known of the host now. Cheap enough for once a minute; raises for nothing it cannot read."""
    services = _tried(lambda: all_services(host), MANY)
    return Inventory(
        host=host.name,
        at=host.clock(),
        boot_id=boot_id(host),
        kernel=kernel(host),
        os=operating_system(host),
        nics=_tried(lambda: nics(host), MANY),
        gateways=_tried(lambda: gateways(host), FEW),
        resolvers=_tried(lambda: resolvers(host), FEW),
        time_sources=_tried(lambda: time_sources(host), FEW),
        listeners=_tried(lambda: listeners(services), MANY),
        connections=_tried(lambda: connections(host, services), MANY),
        mounts=_tried(lambda: mounts(host), MANY),
        composites=_tried(lambda: composites(host), FEW),
        stores=_tried(lambda: stores(host, services), MANY),
        endpoints=_tried(lambda: endpoints(host, services), MANY),
        machine=machine(host),
        disks=_tried(lambda: disks(host), MANY),
        package_changes=_tried(lambda: package_changes(host), FEW),
    )


def _tried(find: Callable[[], Iterable[T]], limit: int) -> tuple[T, ...]:
    """At most ``limit`` facts; none where the source is not there or may not be read."""
    try:
        return tuple(find())[:limit]
    except (OSError, ValueError):
        return ()
