"""What the id of an entity itself tells: an address, the host and port of a URL, a record and its zone."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from wire import entity as ids
from wire.entity import Entity


def address_in(subject: Entity) -> str:
    """The address that an entity id itself tells, or ``""``."""
    kind, name = ids.kind_of(subject), ids.name_of(subject)
    if kind == "endpoint":
        name = url_host(subject)
    elif kind not in ("address", "gateway", "resolver"):
        return ""
    try:
        return str(ip_address(name.partition("%")[0]))
    except ValueError:
        return ""


def name_and_zone(name: str) -> Iterator[Entity]:
    """The record of a name, and the zone that it is in."""
    if name:
        yield ids.record(name)
    if zone := name.partition(".")[2]:
        yield ids.zone(zone)


def url_host(subject: Entity) -> str:
    return urlsplit(ids.name_of(subject)).hostname or ""


def url_port(subject: Entity) -> int:
    parts = urlsplit(ids.name_of(subject))
    return parts.port or ids.DEFAULT_PORTS.get(parts.scheme, 0)
