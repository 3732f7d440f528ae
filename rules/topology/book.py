"""Who has which address, and which service listens behind which port."""

from __future__ import annotations

from collections import Counter
from ipaddress import IPv4Interface, IPv4Network, IPv6Interface, IPv6Network, ip_address, ip_interface

import msgspec

from wire import entity as ids
from wire.entity import Entity
from wire.inventory import Inventory, Listener, Nic

Interface = IPv4Interface | IPv6Interface
Network = IPv4Network | IPv6Network
MOST_GIVEN_UP = 10_000
ANY = frozenset(["", "*", "0.0.0.0", "::", "[::]"])


class Attachment(msgspec.Struct, frozen=True):
    """One address of one NIC of one host."""

    host: str
    nic: str
    interface: Interface
    mac: str = ""
    """Empty where several may have it by design."""


class AddressBook:
    """The inventories of all hosts, indexed by address. Private loopback addresses are nobody's."""

    def __init__(self) -> None:
        self._owners: dict[str, list[Attachment]] = {}
        """All that have an address; who had it first stands first."""
        self._given_up: dict[str, Attachment] = {}
        """By whom, of addresses that nobody has now; the latest last."""
        self._cards: dict[tuple[Network, str], list[Attachment]] = {}
        """All on one link that have a hardware address, in the same order."""
        self._nics: dict[str, list[Attachment]] = {}
        self._listeners: dict[str, dict[tuple[str, int], list[Listener]]] = {}
        self._names: dict[str, str] = {}
        self._networks: Counter[Network] = Counter()
        """The links of the house, and how many attachments each has."""
        self._lengths: Counter[int] = Counter()
        """The lengths of their prefixes."""
        self._named: dict[str, set[str]] = {}
        """Host → the names by which it is found."""

    def put(self, inventory: Inventory) -> None:
        """Replace what was known of this host."""
        attachments = list(
            dict.fromkeys(
                Attachment(inventory.host, nic.name, interface, mac_of(nic))
                for nic in inventory.nics
                for interface in interfaces_of(nic)
            )
        )
        self._attach(inventory.host, attachments)
        self._forget_names(inventory.host)
        doors: dict[tuple[str, int], list[Listener]] = {}
        for listener in inventory.listeners:
            doors.setdefault((listener.protocol, listener.port), []).append(listener)
        self._listeners[inventory.host] = doors
        full = inventory.host.lower()
        self._names[full] = inventory.host
        self._names.setdefault(full.partition(".")[0], inventory.host)
        self._named[inventory.host] = {full, full.partition(".")[0]}

    def drop(self, host: str) -> None:
        self._attach(host, [])
        self._given_up = {address: by for address, by in self._given_up.items() if by.host != host}
        self._nics.pop(host)
        self._listeners.pop(host, None)
        self._forget_names(host)

    def _attach(self, host: str, attachments: list[Attachment]) -> None:
        """What stays keeps its place among the owners of its address."""
        before = self._nics.get(host, [])
        for gone in before:
            if gone not in attachments:
                address = str(gone.interface.ip)
                self._owners[address].remove(gone)
                if not self._owners[address]:
                    del self._owners[address]
                    self._give_up(address, gone)
                self._cards[gone.interface.network, gone.mac].remove(gone)
                if not self._cards[gone.interface.network, gone.mac]:
                    del self._cards[gone.interface.network, gone.mac]
                self._count(gone.interface.network, -1)
        for new in attachments:
            if new not in before:
                self._owners.setdefault(str(new.interface.ip), []).append(new)
                self._given_up.pop(str(new.interface.ip), None)
                self._cards.setdefault((new.interface.network, new.mac), []).append(new)
                self._count(new.interface.network, 1)
        self._nics[host] = attachments

    def _give_up(self, address: str, by: Attachment) -> None:
        self._given_up[address] = by
        while len(self._given_up) > MOST_GIVEN_UP:
            del self._given_up[next(iter(self._given_up))]

    def _forget_names(self, host: str) -> None:
        for name in self._named.pop(host, ()):
            if self._names.get(name) == host:
                del self._names[name]

    def _count(self, network: Network, change: int) -> None:
        self._networks[network] += change
        self._lengths[network.prefixlen] += change

    def owner(self, address: str) -> Attachment | None:
        """The NIC that has this address; of several the one that had it first."""
        return next(iter(self._owners.get(address, ())), None)

    def last_owner(self, address: str) -> Attachment | None:
        """Who has it or, where nobody has, had it last: it is still sought there."""
        return self.owner(address) or self._given_up.get(address)

    def namesakes(self, attachment: Attachment) -> list[Attachment]:
        """The cards of other hosts on the same link with the same hardware address, the first one first."""
        alike = self._cards.get((attachment.interface.network, attachment.mac), ()) if attachment.mac else ()
        return [each for each in alike if each.host != attachment.host]

    def had_first(self, attachment: Attachment) -> bool:
        """Did no card of another host have its hardware address before?"""
        alike = self._cards.get((attachment.interface.network, attachment.mac), ())
        return not attachment.mac or next(iter(alike), attachment).host == attachment.host

    def is_outside(self, address: str) -> bool:
        """On no link that a host of ours is on. False for what is no address."""
        try:
            wanted = ip_interface(address.partition("%")[0])
        except ValueError:
            return False
        return not any(
            self._networks[ip_interface(f"{wanted.ip}/{length}").network]
            for length, count in self._lengths.items()
            if count and length <= wanted.max_prefixlen
        )

    def attachments(self, host: str) -> list[Attachment]:
        return self._nics.get(host, [])

    def host_named(self, name: str) -> str:
        """The host that goes by this name or short name, or ``""``."""
        return self._names.get(name.lower()) or self._names.get(name.lower().partition(".")[0], "")

    def service_at(self, host: str, address: str, port: int, protocol: str = "tcp") -> Entity | None:
        """The service of ``host`` that answers at this address and port."""
        for listener in self._listeners.get(host, {}).get((protocol, port), ()):
            if listener.address in ANY or listener.address == address or is_loopback(address):
                return ids.service(host, listener.service)
        return None


def interfaces_of(nic: Nic) -> list[Interface]:
    """The routable addresses of a NIC; malformed ones, loopback and IPv6 link-local are left out."""
    found: list[Interface] = []
    for text in nic.addresses:
        try:
            interface = ip_interface(text.partition("%")[0])
        except ValueError:
            continue
        if not (interface.ip.is_loopback or (interface.version == 6 and interface.ip.is_link_local)):
            found.append(interface)
    return found


def mac_of(nic: Nic) -> str:
    """Its hardware address, where no other machine may have the same.

    Not that of a virtual router (RFC 5798), of a cluster that answers as one, or of the card beneath.
    """
    shared = nic.kind == "ipvlan" or nic.mac.lower().startswith(
        ("00:00:5e:00:", "02:bf:", "00:00:00:00:00:00")
    )
    return "" if shared else nic.mac.lower()


def is_loopback(address: str) -> bool:
    try:
        return ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False
