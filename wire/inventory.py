"""What an agent discovered of its host: the facts from which the server builds the topology."""

from __future__ import annotations

from typing import Annotated

import msgspec

from wire.judgement import Address
from wire.observation import Moment

Text = Annotated[str, msgspec.Meta(max_length=512)]
Few = msgspec.Meta(max_length=256)
Many = msgspec.Meta(max_length=4096)


class _Fact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One discovered thing."""


class Nic(_Fact, frozen=True, kw_only=True):
    name: Text
    mac: Text = ""
    addresses: Annotated[tuple[Text, ...], Few] = ()
    """With prefix length: ``10.0.1.11/24``."""
    kind: Text = ""
    """``ethernet``, ``bond``, ``bridge``, ``veth``, ``loopback`` …"""
    master: Text = ""
    switch: Text = ""
    """The switch at the other end, where LLDP or a declaration tells it."""
    switch_port: Text = ""


class Gateway(_Fact, frozen=True, kw_only=True):
    address: Address
    interface: Text
    mac: Text = ""


class Listener(_Fact, frozen=True, kw_only=True):
    """A local service that listens."""

    service: Text
    """Its name: the unit's, else the process's, else ``port-N``."""
    protocol: Text = "tcp"
    address: Address = ""
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)]
    process: Text = ""
    pid: int = 0
    unit: Text = ""


class Connection(_Fact, frozen=True, kw_only=True):
    """An established connection that a local service keeps to somewhere: a learnt dependency."""

    service: Text
    address: Address
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)]


class Mount(_Fact, frozen=True, kw_only=True):
    point: Text
    device: Text = ""
    disk: Text = ""
    """The whole disk under it, where one is known: ``sda``; or array, mapped device or pool, by its name."""
    type: Text = ""


class Composite(_Fact, frozen=True, kw_only=True):
    """What is made of several parts: a bond of ports, an array or pool of disks, a disk of several paths."""

    kind: Text
    """Of its entity: ``bond``, ``array``, ``pool``, ``disk``."""
    name: Text
    parts: Annotated[tuple[Text, ...], Few] = ()
    """Ports or whole disks; or the names of composites that it is made of."""
    need: Annotated[int, msgspec.Meta(ge=0, le=256)] = 0
    """Parts without which it stops; 0 where it cannot lose any."""


class Store(_Fact, frozen=True, kw_only=True):
    """A local service keeps open files on this mount."""

    service: Text
    mount: Text


class Endpoint(_Fact, frozen=True, kw_only=True):
    """An address that others reach this host's service by, learnt from configuration (server names, URLs)."""

    url: Text
    service: Text = ""


class Dependency(_Fact, frozen=True, kw_only=True):
    """A declared dependency between services, by entity id or ``host/service``."""

    service: Text
    on: Text


class Machine(_Fact, frozen=True, kw_only=True):
    """What the firmware says it is: what the owner's register of devices knows it by."""

    vendor: Text = ""
    model: Text = ""
    serial: Text = ""
    """Only root may read it."""
    bios: Text = ""
    """Version and date."""
    virtual: bool = False


class Disk(_Fact, frozen=True, kw_only=True):
    name: Text
    model: Text = ""
    serial: Text = ""
    size: Annotated[int, msgspec.Meta(ge=0, le=2**62)] = 0
    """Bytes."""
    rotational: bool = False


class PackageChange(_Fact, frozen=True, kw_only=True):
    """Something that was installed, upgraded or removed."""

    at: Moment
    action: Text
    name: Text
    version: Text = ""


class Inventory(_Fact, frozen=True, kw_only=True):
    """Everything known of one host. Replaces what was known of it before."""

    host: Text
    at: Moment = 0.0
    boot_id: Text = ""
    kernel: Text = ""
    os: Text = ""
    tags: Annotated[dict[Text, Text], Few] = {}
    """site, role, department, owner, customer, service, and free ones."""
    nics: Annotated[tuple[Nic, ...], Many] = ()
    gateways: Annotated[tuple[Gateway, ...], Few] = ()
    resolvers: Annotated[tuple[Address, ...], Few] = ()
    time_sources: Annotated[tuple[Text, ...], Few] = ()
    listeners: Annotated[tuple[Listener, ...], Many] = ()
    connections: Annotated[tuple[Connection, ...], Many] = ()
    mounts: Annotated[tuple[Mount, ...], Many] = ()
    composites: Annotated[tuple[Composite, ...], Few] = ()
    stores: Annotated[tuple[Store, ...], Many] = ()
    endpoints: Annotated[tuple[Endpoint, ...], Many] = ()
    dependencies: Annotated[tuple[Dependency, ...], Many] = ()
    machine: Machine = Machine()
    disks: Annotated[tuple[Disk, ...], Many] = ()
    package_changes: Annotated[tuple[PackageChange, ...], Few] = ()
    """The latest, newest last."""
