"""What a host told of earlier and tells of no longer: its loss may be the fault, so it counts for a while."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

import msgspec

from wire.inventory import Inventory, Listener, Store

KEPT = 3600.0
"""Seconds."""
MOST = 2_000
F = TypeVar("F")


class Vanished:
    """Listeners and open files by host, with the time at which each was told of last."""

    def __init__(self) -> None:
        self._listeners: dict[str, _Seen[Listener]] = {}
        self._stores: dict[str, _Seen[Store]] = {}

    def complete(self, inventory: Inventory) -> Inventory:
        """The inventory with what has vanished from it; a door that somebody else has taken is not lost."""
        host, at = inventory.host, inventory.at
        doors = self._listeners.setdefault(host, _Seen())
        doors.note({(each.protocol, each.port): each for each in inventory.listeners}, at)
        stores = self._stores.setdefault(host, _Seen())
        stores.note({(each.service, each.mount): each for each in inventory.stores}, at)
        return msgspec.structs.replace(
            inventory,
            listeners=(*inventory.listeners, *doors.gone(at)),
            stores=(*inventory.stores, *stores.gone(at)),
        )

    def forget(self, host: str) -> None:
        self._listeners.pop(host, None)
        self._stores.pop(host, None)


class _Seen(Generic[F]):
    def __init__(self) -> None:
        self._facts: dict[Hashable, tuple[float, F]] = {}

    def note(self, facts: dict[Hashable, F], at: float) -> None:
        known = {key: seen for key, seen in self._facts.items() if at - seen[0] < KEPT and key not in facts}
        newest = sorted(known.items(), key=lambda pair: -pair[1][0])[:MOST]
        self._facts = dict(newest) | {key: (at, fact) for key, fact in facts.items()}

    def gone(self, at: float) -> Iterable[F]:
        return [fact for seen, fact in self._facts.values() if seen < at]
