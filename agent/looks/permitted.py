"""Which targets a drill-down task may name: only what this host already has to do with."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_interface, ip_network
from urllib.parse import urlsplit

from agent.sending.link import is_loopback
from wire.entity import host_of, kind_of
from wire.inventory import Inventory
from wire.target import (
    ArrivalTarget,
    DhcpTarget,
    DnsTarget,
    GreetingTarget,
    HealthTarget,
    HttpTarget,
    IcmpTarget,
    LocalTarget,
    MtuTarget,
    NeighbourTarget,
    NtpTarget,
    RouteTarget,
    SnmpTarget,
    Target,
    TcpTarget,
    TlsTarget,
    TraceTarget,
    WebSocketTarget,
)

AnyAddress = IPv4Address | IPv6Address
METADATA = frozenset(["169.254.169.254", "169.254.170.2", "100.100.100.200", "192.0.0.192", "fd00:ec2::254"])
"""Where clouds hand out credentials to whoever asks."""
HOUSE = tuple(ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"))
SMALLEST_PREFIX = {4: 16, 6: 48}
"""A wider network than this is not "next door"."""


Door = tuple[str, int]
"""Address and TCP port."""


class NotPermitted(Exception):
    """The text says why; it goes back to the server."""


class Permitted:
    """Built anew for each task, from what is known at that moment.

    ``doors``: what services of this host lately said, in their logs, that they cannot reach. A bare
    connection there does what the service itself just did.
    """

    def __init__(
        self, host: str, inventory: Inventory, known: Sequence[Target], doors: Collection[Door] = ()
    ) -> None:
        self._host = host
        self._known = set(known)
        self._doors = frozenset(doors)
        self._inventory = inventory
        self._names = {name for target in known if (name := _host(target))}
        self._names |= {gateway.address for gateway in inventory.gateways}
        self._names |= set(inventory.resolvers)

    def check(self, target: Target) -> None:
        """Raises NotPermitted."""
        if target in self._known:
            return
        match target:
            case LocalTarget():
                self._local(target)
            case IcmpTarget() | RouteTarget() | MtuTarget():
                self._echo(target.address)
            case TraceTarget() if not target.port:
                self._echo(target.address)
            case TcpTarget() if (target.host, target.port) in self._doors:
                self._ordinary(_plain(ip_address(target.host)))
            case NeighbourTarget() | TcpTarget() | NtpTarget() | GreetingTarget() | TraceTarget():
                self._reach(_host(target))
            case DnsTarget():
                if target.resolver not in self._names:
                    raise NotPermitted(f"{target.resolver} is no resolver of this host or of its targets")
                self._reach(target.resolver)
            case TlsTarget():
                if target.ca_file:
                    raise NotPermitted("a task may not name a file of this host")
                self._reach(target.host)
            case HttpTarget():
                self._url(target)
            case ArrivalTarget():
                if target.host != self._host:
                    raise NotPermitted(f"{target.subject} leads to another host")
            case SnmpTarget() | WebSocketTarget() | DhcpTarget() | HealthTarget():
                raise NotPermitted("only as this host asks it anyway")

    def _local(self, target: LocalTarget) -> None:
        owner = host_of(target.subject)
        if owner and owner != self._host:
            raise NotPermitted(f"{target.subject} is part of another host")
        if not owner and kind_of(target.subject) not in {
            "address",
            "gateway",
            "resolver",
            "record",
            "endpoint",
        }:
            raise NotPermitted(f"{target.subject} is nothing of this host")

    def _url(self, target: HttpTarget) -> None:
        """Asking a URL may do things; so only those we ask anyway, or the front page next door."""
        same = {(one.url, one.ca_file) for one in self._known if isinstance(one, HttpTarget)}
        if (target.url, target.ca_file) in same:
            return
        if target.ca_file:
            raise NotPermitted("a task may not name a file of this host")
        parts = urlsplit(target.url)
        if parts.username or parts.password:
            raise NotPermitted("a URL with credentials")
        if parts.path not in {"", "/"} or parts.query:
            raise NotPermitted("only the front page may be asked of a URL that this host does not know")
        if is_loopback(parts.hostname or ""):
            raise NotPermitted("nothing on loopback that this host does not ask anyway")
        self._reach(parts.hostname or "")

    def _echo(self, name: str) -> None:
        """An echo opens no door: any machine of the house may be asked whether it lives, from any other.

        Inside the house are the private ranges (RFC 1918, RFC 4193); for all else ``_reach`` decides.
        """
        if not _in_the_house(name):
            self._reach(name)

    def _reach(self, name: str) -> None:
        """Raises NotPermitted unless the address is known, or in a subnet that this host is part of."""
        try:
            address = _plain(ip_address(name))
        except ValueError:
            if name not in self._names:
                raise NotPermitted(f"{name} is no name that this host knows") from None
            return
        if name in self._names and str(address) not in METADATA:
            return
        self._ordinary(address)
        if not any(_contains(text, address) for nic in self._inventory.nics for text in nic.addresses):
            raise NotPermitted(f"{address} is neither known to this host nor in a subnet of its own")

    def _ordinary(self, address: AnyAddress) -> None:
        """Raises NotPermitted for an address at which no other machine is, or one with credentials."""
        if str(address) in METADATA:
            raise NotPermitted(f"{address} hands out credentials of this machine")
        if address.is_link_local or address.is_multicast or address.is_unspecified or address.is_reserved:
            raise NotPermitted(f"{address} is link-local, multicast or reserved")
        if address.is_loopback:
            raise NotPermitted("nothing on loopback that this host does not ask anyway")


def _in_the_house(name: str) -> bool:
    try:
        address = _plain(ip_address(name))
    except ValueError:
        return False
    inside = any(address in each for each in HOUSE if each.version == address.version)
    return inside and str(address) not in METADATA


def _plain(address: AnyAddress) -> AnyAddress:
    """``::ffff:169.254.169.254`` is 169.254.169.254."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _contains(interface: str, address: AnyAddress) -> bool:
    network = ip_interface(interface).network
    if network.version != address.version or network.prefixlen < SMALLEST_PREFIX[network.version]:
        return False
    inside = address in network
    return inside and (network.version == 6 or address != network.broadcast_address)


def _host(target: Target) -> str:
    match target:
        case IcmpTarget() | NeighbourTarget() | RouteTarget() | TraceTarget() | MtuTarget() | SnmpTarget():
            return target.address
        case TcpTarget() | TlsTarget() | NtpTarget() | GreetingTarget() | WebSocketTarget():
            return target.host
        case HttpTarget() | HealthTarget():
            return urlsplit(target.url).hostname or ""
        case DnsTarget():
            return target.resolver
        case LocalTarget() | DhcpTarget() | ArrivalTarget():
            return ""
