"""What operators and programs ask over HTTP: tickets, reports, hosts, declarations, recordings."""

from server.api import declarations, hosts, recording, snapshots, tickets, topology

ROUTES = [
    *tickets.ROUTES,
    *snapshots.ROUTES,
    *hosts.ROUTES,
    *declarations.ROUTES,
    *topology.ROUTES,
    *recording.ROUTES,
]

__all__ = ["ROUTES"]
