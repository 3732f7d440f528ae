"""Which service of this host keeps a connection to what: dependencies that nobody had to declare."""

from __future__ import annotations

import os
from collections.abc import Sequence

from collectors.discovery.membership import Membership
from collectors.host import Host
from collectors.process_table import Looked
from collectors.services.listening import Service
from collectors.services.socket_owners import owners
from collectors.services.sockets import ESTABLISHED, sockets
from wire.inventory import Connection

MOST = 1024


def connections(host: Host, services: Sequence[Service]) -> list[Connection]:
    """Only those that were opened from here: their local port is not one on which something listens."""
    doors = {door.port for service in services for door in service.doors if door.protocol == "tcp"}
    rows = [row for row in sockets(host, "tcp", ESTABLISHED) if row.port not in doors]
    table = Looked(host)
    members = Membership(host, services, table)
    owned = owners(host, "connections", {row.inode for row in rows if row.inode}, table)
    found: set[tuple[str, str, int]] = set()
    for row in rows:
        for pid in owned.get(row.inode, ()):
            service = "" if host.real and pid == os.getpid() else members.service(pid)
            if service:
                found.add((service, row.remote_address, row.remote_port))
    return [
        Connection(service=name, address=at, port=port) for name, at, port in sorted(found)[:MOST] if port
    ]
