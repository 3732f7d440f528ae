"""Who has which address, and which service listens behind which port."""

from __future__ import annotations

from ipaddress import IPv4Interface, IPv6Interface, ip_address, ip_interface

import msgspec

from wire import entity as ids
from wire.entity import Entity
from wire.inventory import Inventory, Listener, Nic

Interface = IPv4Interface | IPv6Interface
ANY = frozenset(["", "*", "0.0.0.0", "::", "[::]"])


class Attachment(msgspec.Struct, frozen=True):
    """One address of one NIC of one host."""

    host: str
    nic: str
    interface: Interface


class AddressBook:
    """The inventories of all hosts, indexed by address. Private loopback addresses are nobody's."""

    def __init__(self) -> None:
        self._owners: dict[str, Attachment] = {}
        self._nics: dict[str, list[Attachment]] = {}
        self._listeners: dict[str, dict[tuple[str, int], list[Listener]]] = {}
        self._names: dict[str, str] = {}

    def put(self, inventory: Inventory) -> None:
        """Replace what was known of this host."""
        self.drop(inventory.host)
        attachments = [
            Attachment(inventory.host, nic.name, interface)
            for nic in inventory.nics
            for interface in interfaces_of(nic)
        ]
        self._nics[inventory.host] = attachments
        for attachment in attachments:
            self._owners[str(attachment.interface.ip)] = attachment
        doors: dict[tuple[str, int], list[Listener]] = {}
        for listener in inventory.listeners:
            doors.setdefault((listener.protocol, listener.port), []).append(listener)
        self._listeners[inventory.host] = doors
        self._names[inventory.host.lower()] = inventory.host
        self._names.setdefault(inventory.host.lower().partition(".")[0], inventory.host)

    def drop(self, host: str) -> None:
        for attachment in self._nics.pop(host, ()):
            if self._owners.get(str(attachment.interface.ip)) == attachment:
                del self._owners[str(attachment.interface.ip)]
        self._listeners.pop(host, None)
        self._names = {name: owner for name, owner in self._names.items() if owner != host}

    def owner(self, address: str) -> Attachment | None:
        """The NIC that has this address."""
        return self._owners.get(address)

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


def is_loopback(address: str) -> bool:
    try:
        return ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False
