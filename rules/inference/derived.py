"""What else a look touched, by the names of what it touched: one door under two URLs, one flow of many."""

from __future__ import annotations

from collections.abc import Iterator

from rules.evidence import Exercised
from rules.models import Role
from wire.entity import Entity, kind_of, name_of

HTTPS = "endpoint:https://"
HTTPS_PORT = 443


def flow(gateway: Entity, door: Entity) -> Entity:
    """Traffic through one gateway to one door, which a filter may forbid: ``flow:10.0.1.1>db1/tcp/5432``."""
    return f"flow:{name_of(gateway)}>{name_of(door)}"


def tls_door(endpoint: Entity) -> Entity | None:
    """Where the certificate of an https address is shown: the same for every look at that name and port."""
    if not endpoint.startswith(HTTPS):
        return None
    place = endpoint[len(HTTPS) :]
    has_port = place.rpartition(":")[2].isdigit() and not place.endswith("]")
    return f"endpoint:tls://{place}" if has_port else f"endpoint:tls://{place}:{HTTPS_PORT}"


def derived(exercised: tuple[Exercised, ...]) -> Iterator[Exercised]:
    """In addition to ``exercised``."""
    for role, entity in exercised:
        if role is Role.SELF and (door := tls_door(entity)):
            yield Role.SELF, door
    doors = [entity for role, entity in exercised if role is Role.SELF and kind_of(entity) == "port"]
    if doors:
        for role, entity in exercised:
            if role is Role.PATH and kind_of(entity) == "gateway":
                for door in doors:
                    yield Role.SELF, flow(entity, door)
