"""What a look touched, by one name for one door; and the flows through gateways that follow from it."""

from __future__ import annotations

from collections.abc import Iterator

from rules.evidence import Exercised
from rules.models import Role
from wire.entity import Entity, flow, kind_of

HTTPS = "endpoint:https://"
TLS = "endpoint:tls://"
USUAL = ":443"
DOORS = (HTTPS, TLS, "port:")


def one_name(entity: Entity) -> Entity:
    """A certificate is shown at a door that a TLS look and an https look call differently.

    ``https://web1`` stands for port 443, ``tls://web1:8443`` for any other.
    """
    if entity.startswith(TLS) and entity.endswith(USUAL):
        return HTTPS + entity[len(TLS) : -len(USUAL)]
    if entity.startswith(HTTPS):
        place = entity[len(HTTPS) :]
        if place.endswith(USUAL):
            return HTTPS + place[: -len(USUAL)]
        if place.rpartition(":")[2].isdigit() and not place.endswith("]"):
            return TLS + place
    return entity


def touched(exercised: tuple[Exercised, ...]) -> tuple[Exercised, ...]:
    """``exercised`` by the names that the engine reasons with, and the flows; mostly just the same."""
    for role, entity in exercised:  # written out: this runs for every look
        if entity.startswith(DOORS) and (role is Role.SELF or role is Role.RESOLVER):
            return tuple(_touched(exercised))
    return exercised


def _touched(exercised: tuple[Exercised, ...]) -> Iterator[Exercised]:
    doors: list[Exercised] = []
    for role, entity in exercised:
        yield role, one_name(entity) if role is Role.SELF else entity
        if (role is Role.SELF or role is Role.RESOLVER) and kind_of(entity) == "port":
            doors.append((role, entity))
    for role, door in doors:
        way = Role.PATH if role is Role.SELF else Role.RESOLVER
        for crossed, entity in exercised:
            if crossed is way and kind_of(entity) == "gateway":
                yield role, flow(entity, door)
