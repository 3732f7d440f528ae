"""What anybody would ask next: a failing look that says more of itself than that it failed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rules.diagnosis import Diagnosis, Key
from rules.inference.derived import touched
from rules.models import Role
from server.diagnosis.probe_again import ENOUGH, Again
from server.diagnosis.standing import Standing
from wire.entity import Entity, address, host_of, kind_of, port_of
from wire.inventory import Inventory
from wire.judgement import Reason

ENDED = frozenset([Reason.STOPPED, Reason.RESTARTING])
UNANSWERED = frozenset([Reason.TIMEOUT, Reason.PROHIBITED])
LIKELIEST = 3
"""Hypotheses about whose place more is asked."""


def follow_up(
    diagnosis: Diagnosis, standing: Standing, inventories: Mapping[str, Inventory]
) -> Iterator[Again]:
    """Of each symptom, as far as there is something to ask."""
    suspects = {each.entity for each in diagnosis.hypotheses[:LIKELIEST]}
    for key in diagnosis.explains[:ENOUGH]:
        yield from _arrival(key, standing, suspects)
        yield from _configuration(key, standing)
        yield from _way(key, standing, inventories)


def _configuration(key: Key, standing: Standing) -> Iterator[Again]:
    """A service that does not stay up: would it take its configuration?"""
    observer, signal, subject = key
    seen = standing.evidence.get(key)
    if signal == "svc.process" and seen is not None and seen.outcome in ENDED:
        yield Again("svc.config", subject, observer)


def _arrival(key: Key, standing: Standing, suspects: set[Entity]) -> Iterator[Again]:
    """A door beyond a gateway that gives no answer: is it the way, or the host itself, that drops what comes?

    The far end listens while who got no answer asks again.
    """
    seen = standing.evidence.get(key)
    if seen is None or seen.outcome not in UNANSWERED:
        return
    flows = [
        entity for role, entity in touched(seen.exercised) if role is Role.SELF and kind_of(entity) == "flow"
    ]
    for flow in flows:
        door = port_of(flow)
        if host_of(door) and not suspects.isdisjoint((flow, door)):
            yield Again("net.arrival", flow, host_of(door))
            yield Again(key[1], key[2], key[0])


def _way(key: Key, standing: Standing, inventories: Mapping[str, Inventory]) -> Iterator[Again]:
    """An address that was sought by way of a machine that is no gateway of the host: can that be?"""
    entry, inventory = standing.entries.get(key), inventories.get(key[0])
    path = entry.observation.path if entry is not None else None
    if path is None or inventory is None or not path.address or not path.gateway:
        return
    if all(each.address != path.gateway for each in inventory.gateways):
        yield Again("net.route", address(path.address), key[0])
