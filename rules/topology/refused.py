"""Files that services of a host refused, as their logs say: what such a service leans on."""

from __future__ import annotations

from collections.abc import Iterator

from rules.graph import Edge
from rules.models import Relation
from wire.entity import Entity, host_of

MOST = 16
"""Files of one host that are remembered; the one that was named longest ago gives way."""
SURE = 0.9
SOURCE = "log"


class RefusedFiles:
    """By host, when a service last refused a file."""

    def __init__(self) -> None:
        self._named: dict[str, dict[tuple[Entity, Entity], float]] = {}

    def note(self, service: Entity, file: Entity, at: float) -> bool:
        """True when the picture changed."""
        known = self._named.setdefault(host_of(service), {})
        new = (service, file) not in known
        known[service, file] = at
        if len(known) > MOST:
            del known[min(known, key=lambda each: (known[each], each))]
        return new

    def forget(self, host: str) -> None:
        self._named.pop(host, None)

    def edges(self, host: str) -> Iterator[Edge]:
        for (service, file), at in self._named.get(host, {}).items():
            yield Edge(service, Relation.DEPENDS_ON, file, SURE, source=SOURCE, at=at)
