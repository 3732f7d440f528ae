"""From a wanted test to the typed target of a task; None where nothing typed says how to ask."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

import msgspec

from rules.topology import Topology
from server.entry import Entry
from wire import entity as ids
from wire.judgement import Path
from wire.target import (
    ArrivalTarget,
    DnsTarget,
    HttpTarget,
    IcmpTarget,
    LocalTarget,
    MtuTarget,
    NeighbourTarget,
    RouteTarget,
    Target,
    TcpTarget,
    TlsTarget,
    TraceTarget,
)

BY_SUBJECT = (
    "app.greeting",
    "app.health",
    "app.websocket",
    "dhcp.offer",
    "dns.tcp",
    "dns.zone",
    "dns.dnssec",
    "snmp.agent",
    "snmp.interface",
    "time.source",
)
"""Asked only as a host asks them in its rounds: it finds its target by what it judged."""
NETWORK = frozenset(
    [
        "net.icmp",
        "net.tcp",
        "net.neighbour",
        "net.duplicate",
        "net.route",
        "net.dns",
        "net.dns_record",
        "tls.certificate",
        "app.http",
        "net.path_mtu",
        "net.trace",
        *BY_SUBJECT,
    ]
)
"""Checks that ask over the network; all others read the host itself, or listen on it."""
PROBE_NAME = "localhost"
"""What a resolver is asked for when nothing better is known: any answer is a sign of life."""


def is_local(check: str) -> bool:
    return check not in NETWORK


def target_for(check: str, subject: str, latest: Entry | None, topology: Topology) -> Target | None:
    """``latest`` is the last look at the subject by anybody: its path and evidence tell how it was asked.

    What one host says ends up in a task of another; what that one could not read is never sent.
    """
    try:
        target = _target(check, subject, latest, topology)
        return None if target is None else msgspec.convert(msgspec.to_builtins(target), Target)
    except ValueError:
        return None


def _target(check: str, subject: str, latest: Entry | None, topology: Topology) -> Target | None:
    path = latest.observation.path if latest is not None else None
    path = path or Path()
    address = path.address or address_of(subject, topology)
    match check:
        case "net.arrival":
            return _arrival(subject)
        case _ if is_local(check) or check in BY_SUBJECT:
            return LocalTarget(subject=subject)
        case "net.path_mtu":
            return MtuTarget(address=address) if address else None
        case "net.trace":
            return TraceTarget(address=address) if address else None
        case "net.icmp":
            return IcmpTarget(address=address) if address else None
        case "net.route":
            return RouteTarget(address=address) if address else None
        case "net.neighbour" | "net.duplicate":  # without an interface the host finds it
            return NeighbourTarget(address=address, interface=path.interface) if address else None
        case "net.dns" | "net.dns_record":
            return _dns(subject, latest, path)
        case _:
            return _door(check, subject, latest, path, address)


def address_of(subject: str, topology: Topology) -> str:
    """The first address of a host, or the address that an id itself tells."""
    kind, name = ids.kind_of(subject), ids.name_of(subject)
    if kind in ("address", "gateway", "resolver"):
        return name
    host = ids.host_of(subject)
    attachments = topology.book.attachments(host) if host else []
    if kind == "nic":
        attachments = [each for each in attachments if ids.nic(host, each.nic) == subject]
    return str(attachments[0].interface.ip) if attachments else ""


def _text(latest: Entry | None, name: str) -> str:
    value = latest.observation.evidence.get(name, "") if latest is not None else ""
    return value if isinstance(value, str) else ""


def _arrival(flow: str) -> Target:
    """Of a flow to a door of a host of ours."""
    host, protocol, number = ids.door_of(flow)
    return ArrivalTarget(
        gateway=ids.gateway_of(flow), host=host, port=number, protocol="udp" if protocol == "udp" else "tcp"
    )


def _dns(subject: str, latest: Entry | None, path: Path) -> Target | None:
    kind, name = ids.kind_of(subject), ids.name_of(subject)
    if kind == "record":
        asked, _, resolver = name.partition("@")
        resolver = resolver or path.resolver or path.address
        return DnsTarget(resolver=resolver, name=asked) if resolver and asked else None
    resolver = name if kind == "resolver" else path.resolver or path.address
    asked = _text(latest, "name") or PROBE_NAME
    return DnsTarget(resolver=resolver, name=asked) if resolver else None


def _door(check: str, subject: str, latest: Entry | None, path: Path, address: str) -> Target | None:
    """A port, a certificate or a page."""
    name, port, url = _where(subject)
    if check == "app.http":
        url = _text(latest, "url") or url
        return HttpTarget(url=url) if url.startswith(("http://", "https://")) else None
    name, port = name or address, port or path.port
    if not name or not port:
        return None
    if check == "tls.certificate":
        return _certificate(name, port, path)
    return TcpTarget(host=name, port=port)


def _certificate(name: str, port: int, path: Path) -> Target | None:
    """A certificate is for a name: asked for by a bare address, a good one would look wrong."""
    if _is_address(name):
        return None
    return TlsTarget(host=path.address or name, port=port, server_name=name)


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _where(subject: str) -> tuple[str, int, str]:
    """(host name, port, URL) as far as the id tells."""
    kind, name = ids.kind_of(subject), ids.name_of(subject)
    if kind == "endpoint":
        parts = urlsplit(name)
        return (parts.hostname or "", parts.port or ids.DEFAULT_PORTS.get(parts.scheme, 0), name)
    if kind == "port":
        number = name.rpartition("/")[2]
        return ("", int(number) if number.isdigit() else 0, "")
    return ("", 0, "")
