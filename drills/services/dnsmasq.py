"""dnsmasq, serving the names of the lab."""

from __future__ import annotations

from collections.abc import Mapping

from drills.layout import DOMAIN, RESOLVER
from drills.node import Node, Service

ZONE = "/etc/lab.zone"
CONFIG = f"""\
user=root
no-resolv
no-hosts
addn-hosts={ZONE}
local=/{DOMAIN}/
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


def write_zone(node: Node, zone: Mapping[str, str]) -> None:
    node.write(ZONE, "".join(f"{address} {name}\n" for name, address in zone.items()))
