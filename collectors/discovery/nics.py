"""The network interfaces of this host with their addresses, and the switch ports behind them."""

from __future__ import annotations

from collections.abc import Iterator

from collectors.host import Host
from collectors.network.lldp import KEY
from collectors.network.nic_table import interfaces
from wire.inventory import Nic


def nics(host: Host) -> Iterator[Nic]:
    """The loopback interface and what is down, carries nothing and is nobody's port are left out."""
    behind = host.remembered.get(KEY, {})
    for one in interfaces(host):
        if one.kind != "loopback" and (one.up or one.addresses or one.master):
            far = behind.get(one.name, {})
            yield Nic(
                name=one.name,
                mac=one.mac,
                addresses=one.addresses[:256],
                kind=one.kind,
                master=one.master,
                switch=far.get("switch", ""),
                switch_port=far.get("port", ""),
            )
