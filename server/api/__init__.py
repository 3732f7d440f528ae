"""What operators and programs ask over HTTP: tickets, reports, hosts, declarations."""

from server.api import declarations, hosts, tickets

ROUTES = [*tickets.ROUTES, *hosts.ROUTES, *declarations.ROUTES]

__all__ = ["ROUTES"]
