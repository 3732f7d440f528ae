"""What anybody would ask next: a failing look that says more of itself than that it failed."""

from __future__ import annotations

from collections.abc import Iterator

from rules.diagnosis import Diagnosis
from rules.evidence import Evidence
from rules.inference.derived import touched
from rules.models import Role
from rules.topology import Topology
from server.diagnosis.probe_again import ENOUGH, Again
from server.diagnosis.standing import Standing
from wire.entity import Entity, address, door_of, gateway_of, host_of, port_of
from wire.judgement import Path, Reason
from wire.target import TcpTarget

ENDED = frozenset([Reason.STOPPED, Reason.RESTARTING])
UNANSWERED = frozenset([Reason.TIMEOUT, Reason.PROHIBITED])
FLOW = "flow:"
LIKELIEST = 3
"""Hypotheses about whose place more is asked."""


def follow_up(diagnosis: Diagnosis, standing: Standing, topology: Topology) -> Iterator[Again]:
    """Of each symptom, as far as there is something to ask."""
    suspects = {each.entity for each in diagnosis.hypotheses[:LIKELIEST]}
    for key in diagnosis.explains[:ENOUGH]:
        seen, entry = standing.evidence.get(key), standing.entries.get(key)
        if seen is not None and seen.outcome in UNANSWERED:
            yield from _far_end(seen, suspects, topology)
        if seen is not None and seen.outcome in ENDED and seen.signal == "svc.process":
            # A service that does not stay up: would it take its configuration?
            yield Again("svc.config", seen.subject, seen.observer)
        path = None if entry is None else entry.observation.path
        if path is not None and path.address and path.gateway:
            yield from _way(path, key[0], topology)


def _far_end(seen: Evidence, suspects: set[Entity], topology: Topology) -> Iterator[Again]:
    """A door beyond a gateway that gives no answer: is it the way, or the host itself, that drops what comes?

    The far end listens while who got no answer asks again. A far end without an agent is asked by the
    gateway itself: through its own card, past whatever it forbids to pass.
    """
    for role, flow in touched(seen.exercised):
        if role is not Role.SELF or not flow.startswith(FLOW):
            continue
        door = port_of(flow)
        if suspects.isdisjoint((flow, door)):
            continue
        if host_of(door) in topology.inventories:
            yield Again("net.arrival", flow, host_of(door))
            yield Again(seen.signal, seen.subject, seen.observer)
        elif gateway := topology.book.owner(gateway_of(flow)):
            place, protocol, port = door_of(flow)
            if protocol == "tcp":
                yield Again("net.tcp", TcpTarget(host=place, port=port).subject, gateway.host)


def _way(path: Path, observer: str, topology: Topology) -> Iterator[Again]:
    """An address that was sought by way of a machine that is no gateway of the host: can that be?"""
    inventory = topology.inventories.get(observer)
    if inventory is not None and all(each.address != path.gateway for each in inventory.gateways):
        yield Again("net.route", address(path.address), observer)
