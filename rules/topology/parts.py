"""What of a host is made of several parts, as edges in both directions and as groups that may lose some."""

from __future__ import annotations

from collections.abc import Iterator

from rules.graph import Edge, Group
from rules.models import Relation
from rules.topology.way import Wiring
from wire import entity as ids
from wire.entity import Entity
from wire.inventory import Composite, Inventory

MADE = {"bond": ids.bond, "array": ids.array, "pool": ids.pool, "disk": ids.disk}


class Parts:
    """Of one host. A kind of composite that nobody here knows is passed over."""

    def __init__(self, inventory: Inventory) -> None:
        self._host = inventory.host
        self._known = tuple(one for one in inventory.composites if one.kind in MADE)
        self._stores = {one.name: self._whole(one) for one in self._known if one.kind != "bond"}

    def below(self, name: str) -> Entity:
        """What a file system lies on, or a composite is made of: a disk, or again a composite."""
        return self._stores.get(name) or ids.disk(self._host, name)

    def edges(self, wiring: Wiring, at: float) -> Iterator[Edge]:
        """The whole leans on its parts; and what befalls the whole shows on them."""
        for one in self._known:
            whole = self._whole(one)
            yield Edge(whole, Relation.RUNS_ON, ids.host(self._host), at=at)
            if one.kind == "bond":
                yield Edge(ids.nic(self._host, one.name), Relation.BACKED_BY, whole, at=at)
            for part in self._parts(one):
                yield Edge(whole, Relation.BACKED_BY, part, at=at)
                yield Edge(part, Relation.MEMBER_OF, whole, at=at)
                if plug := wiring.plug_of(part):
                    yield Edge(part, Relation.ATTACHED_TO, plug.into, source=plug.source, at=plug.at)

    def groups(self) -> Iterator[Group]:
        """Where some may be lost: the driver itself leaves them out."""
        for one in self._known:
            members = tuple(self._parts(one))
            if 0 < one.need < len(members):
                name = f"group:{self._host}/{one.name}"
                yield Group(name, members, one.need, balanced=False, health_checked=True)

    def _whole(self, one: Composite) -> Entity:
        return MADE[one.kind](self._host, one.name)

    def _parts(self, one: Composite) -> list[Entity]:
        """A composite is no part of itself."""
        if one.kind == "bond":
            return [ids.nic(self._host, part) for part in one.parts]
        return [self.below(part) for part in one.parts if self.below(part) != self._whole(one)]
