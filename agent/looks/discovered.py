"""From an inventory to what is worth asking: gateways, resolvers, peers, own web servers, the server."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import ip_address, ip_interface
from itertools import islice
from urllib.parse import urlsplit

from agent.config import Config, ConfiguredHttp
from wire.inventory import Endpoint, Inventory, Listener
from wire.target import (
    DnsTarget,
    HealthTarget,
    HttpTarget,
    IcmpTarget,
    MtuTarget,
    NeighbourTarget,
    NtpTarget,
    RouteTarget,
    Target,
    TcpTarget,
    TlsTarget,
)

PEERS = 32
FAR = 8
WEB = 16
OWN = 16
EPHEMERAL = 32768
"""Ports from here on are given out to clients; a connection to one tells of no service."""
WEB_PROCESSES = frozenset(
    ["nginx", "apache2", "httpd", "caddy", "haproxy", "lighttpd", "traefik", "gunicorn", "uvicorn"]
)
WEB_PORTS = frozenset([80, 8080])
HEALTH_PORTS = frozenset([8080, 8081, 8090, 9001])
HEALTH_PAGES = ("/actuator/health", "/q/health")
"""Spring; Quarkus and others of MicroProfile."""
ANY_ANSWER = (200, 201, 202, 204, 206, 300, 301, 302, 303, 304, 307, 308)
ANY_REFUSAL = (400, 401, 402, 403, 404, 405, 406, 410, 411, 412, 415, 421, 422, 426, 428, 429)
"""Nobody said what ``/`` should answer: only 5xx and silence speak against the server."""


def complete(inventory: Inventory, config: Config) -> Inventory:
    """With what the configuration declares added."""
    declared = tuple(
        Endpoint(url=target.url, service=target.service)
        for target in config.target
        if isinstance(target, ConfiguredHttp) and target.service
    )
    return Inventory(
        **{
            **{name: getattr(inventory, name) for name in Inventory.__struct_fields__},
            "tags": {**inventory.tags, **config.tags},
            "endpoints": tuple(dict.fromkeys((*declared, *inventory.endpoints))),
            "dependencies": tuple(dict.fromkeys((*inventory.dependencies, *config.dependency))),
        }
    )


def server_targets(url: str) -> Iterator[Target]:
    """The way to the server is always judged."""
    parts = urlsplit(url)
    if parts.hostname:
        yield TcpTarget(host=parts.hostname, port=parts.port or (443 if parts.scheme == "https" else 80))


def routes(inventory: Inventory, server: str) -> Iterator[Target]:
    """Ways that must exist: to the resolvers, the gateways, and the server where it is an address."""
    wanted = [*inventory.resolvers, *(gateway.address for gateway in inventory.gateways)]
    if _is_address(host := urlsplit(server).hostname or ""):
        wanted.append(host)
    for address in dict.fromkeys(wanted):
        if not ip_address(address).is_loopback and not ip_address(address).is_link_local:
            yield RouteTarget(address=address)


def own(inventory: Inventory) -> Iterator[Target]:
    """Does another machine use an address of ours? The kernel watches those of IPv6 by itself (RFC 4862)."""
    for nic in inventory.nics:
        for address in (ip_interface(text).ip for text in nic.addresses):
            if address.version == 4 and not (address.is_loopback or address.is_link_local):
                yield NeighbourTarget(address=str(address), interface=nic.name)


def found(inventory: Inventory, names: tuple[str, ...]) -> Iterator[Target]:
    """What counts once it has answered well. ``names``: what resolvers may be asked for."""
    for gateway in inventory.gateways:
        yield NeighbourTarget(address=gateway.address, interface=gateway.interface)
        if not ip_address(gateway.address).is_link_local:
            yield IcmpTarget(address=gateway.address)
    for resolver in inventory.resolvers:
        yield DnsTarget(resolver=resolver, name=".", record="NS")
        for name in names:
            yield DnsTarget(resolver=resolver, name=name, record="A")
    for source in inventory.time_sources:
        # Public sources want to be asked rarely, and the host's own time daemon does so.
        if _is_address(source) and ip_address(source).is_private:
            yield NtpTarget(host=source)
    yield from _peers(inventory)
    yield from _web(inventory)
    yield from islice(_health(inventory), WEB)


def own_addresses(inventory: Inventory) -> tuple[str, ...]:
    """IPv4 first; no loopback, no link-local."""
    found = [ip_interface(text).ip for nic in inventory.nics for text in nic.addresses]
    usable = [address for address in found if not (address.is_loopback or address.is_link_local)]
    return tuple(str(address) for address in sorted(usable, key=lambda address: address.version))


def _peers(inventory: Inventory) -> Iterator[Target]:
    """Services inside the house that a service of this host keeps a connection to."""
    own = set(own_addresses(inventory))
    peers: dict[tuple[str, int], None] = {}
    for connection in inventory.connections:
        address = ip_address(connection.address)
        inside = address.is_private and not (address.is_loopback or address.is_link_local)
        if inside and connection.port < EPHEMERAL and connection.address not in own:
            peers[(connection.address, connection.port)] = None
    for address_text, port in list(peers)[:PEERS]:
        yield TcpTarget(host=address_text, port=port)
    yield from far(inventory, dict.fromkeys(address for address, _ in peers))


def far(inventory: Inventory, peers: Iterable[str]) -> Iterator[MtuTarget]:
    """Those behind a gateway: only there can a packet be too large for the way and not for the link."""
    near = [ip_interface(text).network for nic in inventory.nics for text in nic.addresses]
    behind = (peer for peer in peers if not any(ip_address(peer) in network for network in near))
    for address in islice(behind, FAR):
        yield MtuTarget(address=address)


def _web(inventory: Inventory) -> Iterator[Target]:
    """Own web servers by the address that others use, so that the id of the endpoint is the same for all."""
    secure = {urlsplit(endpoint.url).port or 443 for endpoint in inventory.endpoints if _https(endpoint)}
    plain: dict[Target, None] = {}
    for listener in inventory.listeners:
        address = _reachable_at(listener, inventory)
        if address and _speaks_http(listener) and listener.port not in secure | {443}:
            url = f"http://{_bracketed(address)}{'' if listener.port == 80 else f':{listener.port}'}/"
            plain[HttpTarget(url=url, status=ANY_ANSWER + ANY_REFUSAL)] = None
    yield from list(plain)[:WEB]
    addresses = own_addresses(inventory)
    for endpoint in [one for one in inventory.endpoints if _https(one)][:WEB]:
        parts = urlsplit(endpoint.url)
        if addresses and parts.hostname:
            yield TlsTarget(host=addresses[0], port=parts.port or 443, server_name=parts.hostname)


def _health(inventory: Inventory) -> Iterator[Target]:
    """Where frameworks of the JVM say how they are, if they were told to."""
    for listener in inventory.listeners:
        address = _reachable_at(listener, inventory)
        if address and listener.process == "java" and listener.port in HEALTH_PORTS:
            for path in HEALTH_PAGES:
                yield HealthTarget(url=f"http://{_bracketed(address)}:{listener.port}{path}")


def _https(endpoint: Endpoint) -> bool:
    return endpoint.url.startswith("https://")


def _speaks_http(listener: Listener) -> bool:
    return listener.protocol == "tcp" and (listener.process in WEB_PROCESSES or listener.port in WEB_PORTS)


def _reachable_at(listener: Listener, inventory: Inventory) -> str:
    """An address of this host that is not loopback, or "" where the listener has none."""
    own = own_addresses(inventory)
    if not listener.address or ip_address(listener.address).is_unspecified:
        return own[0] if own else ""
    return listener.address if listener.address in own else ""


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address
