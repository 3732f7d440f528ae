"""A bond that runs on with less than it should have is told before its last port goes, too."""

from __future__ import annotations

import pytest

from wire.judgement import Reason

BOND = "bond:web1/bond0"


@pytest.mark.parametrize(
    ("signal", "reason"),
    [
        ("link.bond", Reason.MISSING),
        ("link.bond", Reason.WRONG),
        ("link.bond", Reason.CARRIER),
        ("log.nic_down", Reason.MATCHED),
    ],
)
def test_what_a_bond_shows_of_its_ports_names_the_bond(world, signal, reason):
    world.alive()
    world.local(signal, BOND, reason)
    [found] = world.infer()
    assert (found.root.fault, found.root.entity) == ("net.bond.degraded", BOND)


def test_a_bond_whose_ports_all_work_is_no_fault(world):
    world.alive()
    world.local("link.bond", BOND, Reason.OK)
    assert world.infer() == []


def test_a_port_that_belongs_to_no_bond_does_not_speak_of_one(world):
    world.alive()
    world.local("log.nic_down", "nic:web1/eth0", Reason.MATCHED)
    assert all(found.root.fault != "net.bond.degraded" for found in world.infer())


def test_a_host_that_fell_silent_is_not_blamed_on_a_bond_that_nobody_saw_fail(world):
    world.alive("web2", "app1", "db1", "db2", "dns1", "hub")
    world.local("link.bond", BOND, Reason.OK, since=-1000.0, at=-10.0)
    world.heartbeat("web1", Reason.OVERDUE)
    world.ping("web2", "web1", Reason.TIMEOUT)
    [found] = world.infer()
    assert "net.bond.degraded" not in {found.root.fault, *(each.fault for each in found.members)}
