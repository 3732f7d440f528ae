"""Which typed target a wanted test is asked with."""

from __future__ import annotations

from rules.topology import Topology
from server.diagnosis.targets import target_for
from wire.target import NeighbourTarget


def test_a_second_owner_of_an_address_is_sought_on_its_link():
    wanted = target_for("net.duplicate", "address:10.0.0.5", None, Topology())
    assert wanted == NeighbourTarget(address="10.0.0.5", interface="")


def test_whether_a_machine_answers_on_its_link_can_be_asked_of_anybody_there():
    wanted = target_for("net.neighbour", "address:10.0.0.5", None, Topology())
    assert wanted == NeighbourTarget(address="10.0.0.5", interface="")
