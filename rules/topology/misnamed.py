"""Records that were found wrong or missing: whoever needs the host that one names may be led astray by it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rules.graph import Edge
from rules.models import Relation
from wire import entity as ids
from wire.entity import host_of

MOST = 256
"""Names that are kept; of more at once the zone or the server is the cause."""
BY_NAME = 0.5
"""How likely a program goes by the name, and not by an address that it knows."""
SOURCE = "discovered"


class Misnamed:
    """By host, the names that were found to lead elsewhere."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def note(self, name: str, host: str) -> bool:
        """True when it is new."""
        if self._names.get(name) == host or len(self._names) >= MOST:
            return False
        self._names[name] = host
        return True

    def forget(self, host: str) -> None:
        self._names = {name: owner for name, owner in self._names.items() if owner != host}

    def edges(self, drawn: Iterable[Edge]) -> Iterator[Edge]:
        """From who depends on something there to the record."""
        for edge in drawn if self._names else ():
            if edge.relation is Relation.DEPENDS_ON:
                for name, host in self._names.items():
                    if host_of(edge.parent) == host:
                        record = ids.record(name)
                        yield Edge(
                            edge.child, Relation.DEPENDS_ON, record, BY_NAME, source=SOURCE, at=edge.at
                        )
