"""Which way a packet takes from this host: asked of the kernel, and kept until something changes there."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from ipaddress import ip_address

from kernel.rtnetlink import LOCAL, Changes, Entry, Link, Neighbour, Netlink, Route
from probes.unit import Net
from wire.judgement import Path, Reason

_KEPT = 8192
_DENIED = {errno.EACCES: Reason.PROHIBITED, errno.EPERM: Reason.PROHIBITED}
_GONE = Neighbour.INCOMPLETE | Neighbour.FAILED


@dataclass(frozen=True)
class Way:
    """Where packets to one address leave, or why they cannot (``blocked``)."""

    path: Path
    blocked: Reason | None = None
    detail: str = ""

    @property
    def next_hop(self) -> str:
        return self.path.gateway or self.path.address


class Ways:
    """The ways from this host, kept per destination until links, addresses or routes change."""

    def __init__(self) -> None:
        self._netlink = Netlink()
        self._changes = Changes()
        self._kept: dict[str, Way] = {}

    @classmethod
    def of(cls, net: Net) -> Ways:
        """The one that the unit keeps between its rounds."""
        ways = net.memory.get("ways")
        if not isinstance(ways, Ways):
            ways = net.memory["ways"] = cls()
        return ways

    def refresh(self) -> None:
        """Call once per round, before ``to``."""
        if self._changes.any() or len(self._kept) > _KEPT:
            self._kept.clear()

    def to(self, address: str) -> Way:
        way = self._kept.get(address)
        if way is None:
            way = self._kept[address] = self._ask(address)
        return way

    def link(self, interface: str) -> Link | None:
        return self._netlink.link(interface)

    def silent(self, way: Way) -> Entry | None:
        """The neighbour entry of the next hop, when ARP or NDP got no answer from it."""
        if not way.path.interface or way.path.interface == "lo":
            return None
        entry = self._netlink.neighbour(way.next_hop, way.path.interface)
        return entry if entry and entry.state & _GONE else None

    def _ask(self, address: str) -> Way:
        try:
            route = self._netlink.route(address)
        except OSError as error:
            return self._blocked(address, error)
        if route.interface == "lo" or route.kind == LOCAL:
            return Way(Path(interface="lo", source=route.source, address=address))
        way = Way(_path(route, address))
        link = self.link(route.interface)
        if link and not link.carrier:
            return Way(way.path, Reason.CARRIER, f"{route.interface} has no carrier")
        return way

    def _blocked(self, address: str, error: OSError) -> Way:
        """A link that is set down takes its routes with it: say the link, not the route."""
        wanted = ip_address(address.partition("%")[0])
        for own in self._netlink.addresses():
            if wanted in own.network:
                link = self.link(own.interface)
                if link and not (link.up and link.carrier):
                    path = Path(interface=own.interface, source=own.address, address=address)
                    return Way(path, Reason.CARRIER, f"{own.interface} is down")
        reason = _DENIED.get(error.errno or 0, Reason.NO_ROUTE)
        return Way(Path(address=address), reason, f"route lookup: {error.strerror}")


def _path(route: Route, address: str) -> Path:
    return Path(interface=route.interface, source=route.source, gateway=route.gateway, address=address)
