"""What a probe can be asked about: the typed, allow-listed parameters of every check."""

from __future__ import annotations

from typing import Annotated

import msgspec

from wire.entity import Entity, endpoint
from wire.judgement import Address

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=253, pattern=r"^[^\s/@\x00-\x1f\x7f]+$")]
Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]


class _Target(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, tag_field="kind"):
    """One thing to ask about."""


class IcmpTarget(_Target, frozen=True, tag="icmp"):
    """Is this address alive?"""

    address: Address


class NeighbourTarget(_Target, frozen=True, tag="neighbour"):
    """Does this on-link address answer ARP or NDP?"""

    address: Address
    interface: Annotated[str, msgspec.Meta(max_length=64)]


class RouteTarget(_Target, frozen=True, tag="route"):
    """Which way would the kernel send a packet to this address?"""

    address: Address


class TcpTarget(_Target, frozen=True, tag="tcp"):
    """Does this port accept a connection?"""

    host: Name
    port: Port


class DnsTarget(_Target, frozen=True, tag="dns"):
    """What does this resolver answer for this name?"""

    resolver: Address
    name: Name
    record: Annotated[str, msgspec.Meta(pattern="^(A|AAAA|CNAME|MX|NS|PTR|SOA|SRV|TXT)$")] = "A"
    expect: Annotated[
        tuple[Annotated[str, msgspec.Meta(max_length=255)], ...], msgspec.Meta(max_length=16)
    ] = ()
    port: Port = 53


class TlsTarget(_Target, frozen=True, tag="tls"):
    """Which certificate does this port show, and may it be trusted?"""

    host: Name
    port: Port = 443
    server_name: Annotated[str, msgspec.Meta(max_length=253)] = ""
    ca_file: Annotated[str, msgspec.Meta(max_length=512)] = ""

    @property
    def door(self) -> Entity:
        """By the name that is asked for, as everybody calls it, whatever the address that answers."""
        name = self.server_name or self.host
        return endpoint(f"tls://{f'[{name}]' if ':' in name else name}:{self.port}")


class HttpTarget(_Target, frozen=True, tag="http"):
    """Does this URL answer as it should?"""

    url: Annotated[str, msgspec.Meta(max_length=2048, pattern=r"^https?://[^\s\x00-\x1f\x7f]+$")]
    status: Annotated[
        tuple[Annotated[int, msgspec.Meta(ge=100, le=599)], ...], msgspec.Meta(max_length=32)
    ] = ()
    """Accepted status codes; empty means 200–399."""
    body: Annotated[str, msgspec.Meta(max_length=1024)] = ""
    """Text that the body must hold; empty means any."""
    slow_after: Annotated[float, msgspec.Meta(gt=0, le=300)] = 2.0
    """Seconds beyond which an answer counts as slow."""
    ca_file: Annotated[str, msgspec.Meta(max_length=512)] = ""


class LocalTarget(_Target, frozen=True, tag="local"):
    """Something of the host itself, read by a collector: read it again, now."""

    subject: Entity


Target = (
    IcmpTarget | NeighbourTarget | RouteTarget | TcpTarget | DnsTarget | TlsTarget | HttpTarget | LocalTarget
)
