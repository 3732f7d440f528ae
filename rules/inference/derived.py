"""What a look touched, by one name for one door; and the flows through gateways that follow from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rules.evidence import Exercised
from rules.models import Role
from wire.entity import Entity, flow, kind_of

HTTPS = "endpoint:https://"
TLS = "endpoint:tls://"
USUAL = ":443"
DOORS = (HTTPS, TLS, "port:")
GATEWAY = "gateway:"


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
    doors = [
        (role, entity)
        for role, entity in exercised
        if (role is Role.SELF or role is Role.RESOLVER) and entity.startswith(DOORS)
    ]
    if not doors:
        return exercised
    found = exercised
    if any(role is Role.SELF and one_name(entity) != entity for role, entity in doors):
        found = tuple([(role, one_name(entity) if role is Role.SELF else entity) for role, entity in found])
    flows = tuple(_flows(exercised, doors))
    return (*found, *flows) if flows else found


def _flows(exercised: tuple[Exercised, ...], doors: Iterable[Exercised]) -> Iterator[Exercised]:
    for role, door in doors:
        if kind_of(door) != "port":
            continue
        way = Role.PATH if role is Role.SELF else Role.RESOLVER
        for crossed, entity in exercised:
            if crossed is way and entity.startswith(GATEWAY):
                yield role, flow(entity, door)
