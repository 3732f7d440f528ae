"""What operators and programs ask over HTTP: tickets, reports, hosts, declarations."""

from server.api import declarations, hosts, snapshots, tickets, topology

ROUTES = [*tickets.ROUTES, *snapshots.ROUTES, *hosts.ROUTES, *declarations.ROUTES, *topology.ROUTES]

__all__ = ["ROUTES"]
