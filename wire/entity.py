"""Typed ids of everything that can be at fault, such as ``nic:web1/eth0`` or ``fs:web1:/var``."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

import msgspec

Entity = Annotated[str, msgspec.Meta(max_length=512, pattern=r"^[a-z][a-z_]*:[^\x00-\x1f\x7f-\x9f]+$")]
"""``kind:name``. Kinds whose name begins with a host are listed in ``ON_HOST``."""

ON_HOST = frozenset(
    [
        "host",
        "agent",
        "nic",
        "disk",
        "fs",
        "mount",
        "service",
        "process",
        "port",
        "gpu",
        "dimm",
        "slot",
        "array",
        "chassis",
        "unit",
        "job",
        "cgroup",
        "psu",
        "fan",
        "bond",
        "file",
        "pool",
    ]
)
DEFAULT_PORTS = {
    "http": 80,
    "https": 443,
    "ws": 80,
    "wss": 443,
    "ssh": 22,
    "dns": 53,
    "smtp": 25,
    "imap": 143,
    "pop3": 110,
    "ftp": 21,
    "ntp": 123,
    "snmp": 161,
}

LONGEST_PATH = 256


def kind_of(entity: str) -> str:
    """``nic:web1/eth0`` → ``nic``."""
    return entity.partition(":")[0]


def name_of(entity: str) -> str:
    """``nic:web1/eth0`` → ``web1/eth0``."""
    return entity.partition(":")[2]


def host_of(entity: str) -> str:
    """The name of the host that the entity is part of, or ``""`` where its id tells none."""
    kind, _, name = entity.partition(":")
    if kind not in ON_HOST:
        return ""
    return name.partition("/")[0].partition(":")[0]


def host(name: str) -> str:
    return f"host:{name}"


def agent(name: str) -> str:
    return f"agent:{name}"


def nic(host_name: str, interface: str) -> str:
    return f"nic:{host_name}/{interface}"


def bond(host_name: str, interface: str) -> str:
    return f"bond:{host_name}/{interface}"


def disk(host_name: str, device: str) -> str:
    return f"disk:{host_name}/{device}"


def array(host_name: str, name: str) -> str:
    return f"array:{host_name}/{name}"


def pool(host_name: str, name: str) -> str:
    """What space is cut from: a volume group and its thin pools, a ZFS pool, a cluster's storage."""
    return f"pool:{host_name}/{name}"


def slot(host_name: str, place: str) -> str:
    return f"slot:{host_name}/{place}"


def dimm(host_name: str, label: str) -> str:
    return f"dimm:{host_name}/{label}"


def gpu(host_name: str, place: str) -> str:
    return f"gpu:{host_name}/{place}"


def chassis(host_name: str) -> str:
    return f"chassis:{host_name}"


def fs(host_name: str, mount_point: str) -> str:
    return f"fs:{host_name}:{mount_point}"


def mount(host_name: str, mount_point: str) -> str:
    return f"mount:{host_name}:{mount_point}"


def service(host_name: str, name: str) -> str:
    return f"service:{host_name}/{name}"


def process(host_name: str, name: str) -> str:
    return f"process:{host_name}/{name}"


def job(host_name: str, name: str) -> str:
    return f"job:{host_name}/{name}"


def port(host_name: str, number: int, protocol: str = "tcp") -> str:
    """A door of a host that a filter may close: ``port:web1/tcp/443``."""
    return f"port:{host_name}/{protocol}/{number}"


def flow(gateway_id: Entity, door: Entity) -> str:
    """Traffic through one gateway to one door, which a filter may forbid: ``flow:10.0.1.1>db1/tcp/5432``."""
    return f"flow:{name_of(gateway_id)}>{name_of(door)}"


def gateway_of(flow_id: Entity) -> str:
    """The address of the gateway that a flow goes through."""
    return name_of(flow_id).partition(">")[0]


def port_of(flow_id: Entity) -> Entity:
    """The door of a host that a flow leads to."""
    return f"port:{name_of(flow_id).partition('>')[2]}"


def door_of(flow_id: Entity) -> tuple[str, str, int]:
    """The host or address, the protocol, and the port, that a flow leads to."""
    place, _, number = name_of(flow_id).partition(">")[2].rpartition("/")
    host_or_address, _, protocol = place.rpartition("/")
    return host_or_address, protocol, int(number)


def address(ip: str) -> str:
    return f"address:{ip}"


def gateway(ip: str) -> str:
    return f"gateway:{ip}"


def resolver(ip: str) -> str:
    return f"resolver:{ip}"


def record(name: str, resolver_ip: str = "") -> str:
    """A name in the DNS: ``record:shop.lab``; as one resolver answers it: ``record:shop.lab@10.0.0.2``."""
    bare = f"record:{name.rstrip('.').lower()}"
    return f"{bare}@{resolver_ip}" if resolver_ip else bare


def zone(name: str, resolver_ip: str = "") -> str:
    """A zone of the DNS: ``zone:lab``; as one resolver knows it: ``zone:lab@10.0.0.2``."""
    bare = f"zone:{name.rstrip('.').lower()}"
    return f"{bare}@{resolver_ip}" if resolver_ip else bare


def segment(name: str) -> str:
    return f"segment:{name}"


def switch(name: str) -> str:
    return f"switch:{name}"


def site(name: str) -> str:
    return f"site:{name}"


def link(end: str, other: str) -> str:
    """The id of a link is the same from both ends."""
    first, second = sorted((end, other))
    return f"link:{first}--{second}"


def endpoint(url: str) -> str:
    """The door of a URL: scheme, name and port, without path, query or credentials.

    Raises ValueError for a URL without scheme or host name, or with a bad port.
    """
    parts = urlsplit(url)
    if not parts.scheme or not parts.hostname:
        raise ValueError(f"not a URL with scheme and host: {url!r}")
    name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    number = parts.port
    suffix = "" if number is None or DEFAULT_PORTS.get(parts.scheme) == number else f":{number}"
    return f"endpoint:{parts.scheme}://{name}{suffix}"


def page(url: str) -> str:
    """The door of a URL with the path behind it: pages of one door can fail each by itself.

    Raises ValueError like ``endpoint``.
    """
    path = urlsplit(url).path
    return endpoint(url) + ("" if path == "/" else path[:LONGEST_PATH])


def door(entity: str) -> str:
    """The endpoint that a page is behind. Raises ValueError for what is no URL."""
    return endpoint(name_of(entity))
