"""What people declare of a site because no agent can see it: switches, groups, dependencies."""

from __future__ import annotations

from typing import Annotated

import msgspec

from rules.graph import Group
from wire import entity as ids
from wire.entity import Entity

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")]


class _Declared(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One table of a site file."""


class Switch(_Declared, frozen=True, kw_only=True):
    """A switch and what is plugged into it."""

    name: Name
    ports: tuple[Name, ...] = ()
    """``host/interface``, as the agents name them."""
    uplinks: tuple[Name, ...] = ()
    """Names of the switches nearer to the core."""


class GroupTable(_Declared, frozen=True, kw_only=True):
    """Members of which some may fail."""

    name: Name
    members: tuple[Entity, ...]
    need: int = 1
    balanced: bool = True
    health_checked: bool = False


class Dependency(_Declared, frozen=True, kw_only=True):
    """``service`` cannot do its work without ``on``; both as entity ids or ``host/service``."""

    service: Name
    on: Name


class Site(_Declared, frozen=True, kw_only=True):
    """A whole site file. Raises msgspec.ValidationError, naming the field, when decoded from bad TOML."""

    switch: tuple[Switch, ...] = ()
    group: tuple[GroupTable, ...] = ()
    dependency: tuple[Dependency, ...] = ()


def plugs_of(site: Site) -> list[tuple[Entity, Entity]]:
    """Interfaces and the switch that each is plugged into. Raises ValueError, naming a bad entry."""
    return [(nic_id(port), ids.switch(switch.name)) for switch in site.switch for port in switch.ports]


def check(site: Site) -> None:
    """Raises ValueError, naming what would lean on itself, or would need more members than it has."""
    plugs_of(site)
    for switch in site.switch:
        if switch.name in switch.uplinks:
            raise ValueError(f"switch {switch.name!r}: its uplink is itself")
    for dependency in site.dependency:
        if service_id(dependency.service) == service_id(dependency.on):
            raise ValueError(f"dependency {dependency.service!r}: it depends on itself")
    for table in site.group:
        if not 1 <= table.need <= len(set(table.members)):
            raise ValueError(
                f"group {table.name!r}: need is {table.need}, of {len(set(table.members))} members"
            )


def groups_of(site: Site) -> list[Group]:
    return [
        Group(
            id=f"group:{table.name}",
            members=table.members,
            need=table.need,
            balanced=table.balanced,
            health_checked=table.health_checked,
        )
        for table in site.group
    ]


def service_id(name: str) -> Entity:
    """An entity id as it is; ``host/service`` as the service of that host."""
    return name if ":" in name else f"service:{name}"


def nic_id(port: str) -> Entity:
    """Raises ValueError for a port that is not ``host/interface``."""
    host, slash, interface = port.partition("/")
    if not (host and slash and interface):
        raise ValueError(f"a switch port is written host/interface, not {port!r}")
    return ids.nic(host, interface)
