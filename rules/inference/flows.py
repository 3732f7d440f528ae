"""Traffic through one gateway to one door, which a filter in between may forbid by itself."""

from __future__ import annotations

from collections.abc import Iterator

from rules.evidence import Exercised
from rules.models import Role
from wire.entity import Entity, kind_of, name_of


def flow(gateway: Entity, door: Entity) -> Entity:
    """``flow:10.0.1.1>db1/tcp/5432``."""
    return f"flow:{name_of(gateway)}>{name_of(door)}"


def flows_of(exercised: tuple[Exercised, ...]) -> Iterator[Exercised]:
    """The flows that a look to a port of another host was part of; none where no gateway was crossed."""
    gateways = [entity for role, entity in exercised if role is Role.PATH and kind_of(entity) == "gateway"]
    if not gateways:
        return
    doors = [entity for role, entity in exercised if role is Role.SELF and kind_of(entity) == "port"]
    for gateway in gateways:
        for door in doors:
            yield Role.SELF, flow(gateway, door)
