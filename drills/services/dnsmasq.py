"""dnsmasq, serving the names of the lab."""

from __future__ import annotations

from collections.abc import Mapping

from drills.layout import DOMAIN, RESOLVER
from drills.node import Node, Service

ZONE, SERVERS = "/etc/lab.zone", "/etc/lab.servers"
"""Both are read anew on SIGHUP."""
CONFIG = f"""\
user=root
no-resolv
no-hosts
addn-hosts={ZONE}
servers-file={SERVERS}
listen-address={RESOLVER}
bind-interfaces
log-facility=/var/log/dnsmasq.log
"""
SERVICE = Service(
    name="dnsmasq", argv=("dnsmasq", "--keep-in-foreground"), log="/var/log/dnsmasq.console.log"
)


def start(node: Node, zone: Mapping[str, str]) -> None:
    node.write("/etc/dnsmasq.conf", CONFIG)
    write_zone(node, zone)
    node.start(SERVICE)


def write_zone(node: Node, zone: Mapping[str, str], elsewhere: str = "") -> None:
    """``elsewhere``: the name server that knows what is not in the zone; empty: nobody does."""
    node.write(ZONE, "".join(f"{address} {name}\n" for name, address in zone.items()))
    node.write(SERVERS, f"server=/{DOMAIN}/{elsewhere}\n")
