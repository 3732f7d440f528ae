"""What a host told of earlier and tells of no longer: its loss may be the fault, so it counts for a while."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Generic, TypeVar

import msgspec

from wire.inventory import Composite, Connection, Inventory, Listener, Store

KEPT = 3600.0
"""Seconds."""
MOST = 2_000
F = TypeVar("F")
Name = tuple[str | int, ...]


class Vanished:
    """Listeners, open files, parts and connections by host, with the time at which each was last there."""

    def __init__(self) -> None:
        self._listeners: dict[str, _Seen[Listener]] = {}
        self._stores: dict[str, _Seen[Store]] = {}
        self._uses: dict[str, _Seen[Connection]] = {}
        self._parts: dict[str, _Seen[Composite]] = {}

    def complete(self, inventory: Inventory) -> Inventory:
        """The inventory with the listeners, open files and parts that have vanished; connections are noted.

        A door that somebody else has taken is not lost.
        """
        host, at = inventory.host, inventory.at
        doors = self._listeners.setdefault(host, _Seen())
        doors.note({(each.protocol, each.port): each for each in inventory.listeners}, at)
        stores = self._stores.setdefault(host, _Seen())
        stores.note({(each.service, each.mount): each for each in inventory.stores}, at)
        uses = self._uses.setdefault(host, _Seen())
        uses.note({(each.service, each.address, each.port): each for each in inventory.connections}, at)
        parts = self._parts.setdefault(host, _Seen())
        parts.note(
            {(one.kind, one.name, part): one for one in inventory.composites for part in one.parts}, at
        )
        return msgspec.structs.replace(
            inventory,
            composites=_rejoined(inventory.composites, parts),
            listeners=(*inventory.listeners, *doors.gone()),
            stores=(*inventory.stores, *stores.gone()),
        )

    def uses(self, host: str) -> dict[Connection, float]:
        """Who used whom lately and when that was last seen, the latest first."""
        seen = self._uses.get(host)
        return seen.dated() if seen is not None else {}

    def forget(self, host: str) -> None:
        for seen in (self._listeners, self._stores, self._uses, self._parts):
            seen.pop(host, None)


class _Seen(Generic[F]):
    """Facts by name, the latest first."""

    def __init__(self) -> None:
        self._facts: dict[Name, tuple[float, F]] = {}
        self._told: frozenset[Name] = frozenset()
        """What the last inventory told of."""

    def note(self, facts: Mapping[Name, F], at: float) -> None:
        """What was told until now was there until now."""
        standing = {name: self._facts[name][1] for name in self._told if name in self._facts} | dict(facts)
        seen = self._facts | {name: (at, fact) for name, fact in standing.items()}
        fresh = [(name, dated) for name, dated in seen.items() if at - dated[0] < KEPT]
        self._facts = dict(sorted(fresh, key=lambda pair: (-pair[1][0], pair[0]))[:MOST])
        self._told = frozenset(facts)

    def gone(self) -> Iterable[F]:
        return [fact for name, (_, fact) in self._facts.items() if name not in self._told]

    def names_gone(self) -> Iterable[Name]:
        return [name for name in self._facts if name not in self._told]

    def dated(self) -> dict[F, float]:
        return {fact: at for at, fact in self._facts.values()}


def _rejoined(told: Iterable[Composite], seen: _Seen[Composite]) -> tuple[Composite, ...]:
    """What is made of parts, with those that it lost; what it needs does not shrink with it."""
    whole = {(one.kind, one.name): one for one in (*seen.gone(), *told)}
    need = {place: one.need for place, one in whole.items()}
    parts = {place: set(one.parts) for place, one in whole.items()}
    for one in seen.gone():
        need[one.kind, one.name] = max(need[one.kind, one.name], one.need)
    for kind, name, part in seen.names_gone():
        parts[str(kind), str(name)].add(str(part))
    return tuple(
        msgspec.structs.replace(one, parts=tuple(sorted(parts[place])), need=need[place])
        for place, one in whole.items()
    )
