"""What a probe can be asked about: the typed, allow-listed parameters of every check."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec

from wire import entity as ids
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

    @property
    def subject(self) -> Entity:
        return _door("tcp", self.host, self.port)


class DnsTarget(_Target, frozen=True, tag="dns"):
    """What does this resolver answer for this name? A zone is asked for by its SOA."""

    resolver: Address
    name: Name
    record: Annotated[str, msgspec.Meta(pattern="^(A|AAAA|CNAME|MX|NS|PTR|SOA|SRV|TXT)$")] = "A"
    expect: Annotated[
        tuple[Annotated[str, msgspec.Meta(max_length=255)], ...], msgspec.Meta(max_length=16)
    ] = ()
    port: Port = 53
    over: Literal["udp", "tcp"] = "udp"
    signed: bool = False
    """The answer must be one that the resolver validated (RFC 4035: AD)."""


class TlsTarget(_Target, frozen=True, tag="tls"):
    """Which certificate does this port show, and may it be trusted?"""

    host: Name
    port: Port = 443
    server_name: Annotated[str, msgspec.Meta(max_length=253)] = ""
    ca_file: Annotated[str, msgspec.Meta(max_length=512)] = ""
    speaks: Annotated[str, msgspec.Meta(max_length=32)] = ""
    """The protocol that the server must choose (ALPN): ``h2``; empty means any."""

    @property
    def door(self) -> Entity:
        """By the name that is asked for, as everybody calls it, whatever the address that answers."""
        return _door("tls", self.server_name or self.host, self.port)


class HttpTarget(_Target, frozen=True, tag="http"):
    """Does this URL answer as it should?"""

    url: Annotated[str, msgspec.Meta(max_length=2048, pattern=r"^https?://[^\s\x00-\x1f\x7f]+$")]
    status: Annotated[
        tuple[Annotated[int, msgspec.Meta(ge=100, le=599)], ...], msgspec.Meta(max_length=32)
    ] = ()
    """Accepted status codes; empty means 200–399."""
    body: Annotated[str, msgspec.Meta(max_length=1024)] = ""
    """Text that the body must hold; empty means any."""
    headers: Annotated[
        tuple[Annotated[str, msgspec.Meta(max_length=512, pattern=r"^[\w-]+:.*$")], ...],
        msgspec.Meta(max_length=16),
    ] = ()
    """``name: text`` that each of these must hold; without text it must only be there."""
    redirect: Annotated[str, msgspec.Meta(max_length=2048)] = ""
    """How the address must begin that it sends on to; empty means any."""
    slow_after: Annotated[float, msgspec.Meta(gt=0, le=300)] = 2.0
    """Seconds beyond which an answer counts as slow."""
    ca_file: Annotated[str, msgspec.Meta(max_length=512)] = ""
    version: Literal["1.1", "2"] = "1.1"
    """2 asks for status and text alone; in the clear, without asking whether the server speaks it."""

    def __post_init__(self) -> None:
        if self.version == "2" and (self.headers or self.redirect):
            raise ValueError("headers and redirect are only compared in version 1.1")


class HealthTarget(_Target, frozen=True, tag="health"):
    """What does this application say of its own health?"""

    url: Annotated[str, msgspec.Meta(max_length=2048, pattern=r"^https?://[^\s\x00-\x1f\x7f]+$")]
    ca_file: Annotated[str, msgspec.Meta(max_length=512)] = ""

    @property
    def subject(self) -> Entity:
        return ids.page(self.url)


class NtpTarget(_Target, frozen=True, tag="ntp"):
    """Does this time source answer, and does it know the time?"""

    host: Name
    port: Port = 123

    @property
    def subject(self) -> Entity:
        return _door("ntp", self.host, self.port)


class GreetingTarget(_Target, frozen=True, tag="greeting"):
    """Does this service greet as its protocol wants?"""

    host: Name
    service: Literal["smtp", "imap", "pop3", "ftp", "ssh"]
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 0
    """0 is the usual one."""

    @property
    def subject(self) -> Entity:
        return _door(self.service, self.host, self.port or ids.DEFAULT_PORTS[self.service])


class WebSocketTarget(_Target, frozen=True, tag="websocket"):
    """Does this URL open a WebSocket?"""

    url: Annotated[str, msgspec.Meta(max_length=2048, pattern=r"^wss?://[^\s\x00-\x1f\x7f]+$")]
    slow_after: Annotated[float, msgspec.Meta(gt=0, le=300)] = 2.0
    ca_file: Annotated[str, msgspec.Meta(max_length=512)] = ""

    @property
    def subject(self) -> Entity:
        return ids.page(self.url)

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""


class SnmpTarget(_Target, frozen=True, tag="snmp"):
    """How is this switch, and how are its ports?"""

    address: Address
    community: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] = "public"
    name: Annotated[str, msgspec.Meta(max_length=128)] = ""
    """What the switch is called here; empty means what it calls itself."""
    ports: Annotated[
        tuple[Annotated[str, msgspec.Meta(max_length=128)], ...], msgspec.Meta(max_length=512)
    ] = ()
    """Those that must be up, by their name there."""
    port: Port = 161
    login: Annotated[str, msgspec.Meta(max_length=512)] = ""
    """Version 3 as the user whom the host declares under this name; empty means v2c by community."""
    digest: Literal["md5", "sha1", "sha224", "sha256", "sha384", "sha512"] = "sha256"
    """By which that user signs."""
    cipher: Literal["", "aes128", "aes192", "aes256"] = ""
    """By which that user encrypts; empty means not at all."""

    @property
    def subject(self) -> Entity:
        return _door("snmp", self.address, self.port)


class TraceTarget(_Target, frozen=True, tag="trace"):
    """Which routers does a packet pass on its way, and where does it end?"""

    address: Address
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 0
    """0 traces with echoes, a port with TCP."""

    @property
    def subject(self) -> Entity:
        return ids.address(self.address)


class MtuTarget(_Target, frozen=True, tag="mtu"):
    """How large a packet gets through to this address, and does somebody say so when it is too large?"""

    address: Address

    @property
    def subject(self) -> Entity:
        return ids.address(self.address)


class DhcpTarget(_Target, frozen=True, tag="dhcp"):
    """Who offers addresses on this link?"""

    interface: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    servers: Annotated[tuple[Address, ...], msgspec.Meta(max_length=16)] = ()
    """Those that may; empty means those that were there first."""

    @property
    def subject(self) -> Entity:
        return ids.segment(self.interface)


class ArrivalTarget(_Target, frozen=True, tag="arrival"):
    """Does what comes to this door of the host itself through a gateway arrive, and is it answered?"""

    gateway: Address
    """As those who send call it."""
    host: Name
    port: Port
    protocol: Literal["tcp", "udp"] = "tcp"

    @property
    def subject(self) -> Entity:
        return ids.flow(ids.gateway(self.gateway), ids.port(self.host, self.port, self.protocol))


class LocalTarget(_Target, frozen=True, tag="local"):
    """Something of the host itself, read by a collector: read it again, now."""

    subject: Entity


PlainTarget = (
    IcmpTarget
    | NeighbourTarget
    | RouteTarget
    | TcpTarget
    | DnsTarget
    | TlsTarget
    | HealthTarget
    | NtpTarget
    | GreetingTarget
    | WebSocketTarget
    | SnmpTarget
    | TraceTarget
    | MtuTarget
    | DhcpTarget
    | ArrivalTarget
    | LocalTarget
)
"""All but those of which a configuration says more."""
Target = PlainTarget | HttpTarget


def _door(scheme: str, host: str, port: int) -> Entity:
    return endpoint(f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}")
