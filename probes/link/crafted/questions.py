"""What the process that crafts packets is asked, and what it answers."""

from __future__ import annotations

import msgspec


class Discover(msgspec.Struct, frozen=True, kw_only=True, tag="discover"):
    """Who offers addresses on this link (RFC 2131)?"""

    interface: str
    mac: str
    seconds: float
    address: str = ""
    """An address of the link: by it servers are asked besides whether they live (DHCPINFORM)."""


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    server: str
    address: str
    mask: str = ""
    routers: tuple[str, ...] = ()
    resolvers: tuple[str, ...] = ()
    mac: str = ""
    """Who sent it."""


class Discovered(msgspec.Struct, frozen=True, kw_only=True, tag="discovered"):
    offers: tuple[Offer, ...] = ()
    alive: tuple[str, ...] = ()
    """Servers that answered, be it without an offer."""


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    why: str
    permitted: bool = True


Question = Discover
Answer = Discovered | Failed
