"""One lost part of what is made of several is one ticket, on the right thing, from first sign to last."""

from __future__ import annotations

import pytest

from wire.inventory import Composite
from wire.judgement import Reason

BOND, ARRAY = "bond:web2/bond0", "array:web2/md0"
DISK, PORT = "disk:web2/sdb", "nic:web2/eth2"


@pytest.fixture
def parts(lab):
    lab.join("web1", "web2")
    agent = lab.agents["web2"]
    agent.composites = (
        Composite(kind="bond", name="bond0", parts=("eth1", "eth2"), need=1),
        Composite(kind="array", name="md0", parts=("sda", "sdb"), need=1),
    )
    for signal, subject in (("net.link", PORT), ("link.bond", BOND), ("raid.array", ARRAY)):
        agent.look(lab.now, signal, subject)
    lab.send(agent, inventory=True)
    lab.pass_time(20)
    return lab


@pytest.mark.parametrize("apart", [0.5, 12.0])
def test_a_lost_port_is_one_ticket_about_the_bond(parts, apart):
    parts.look("web2", "net.link", PORT, Reason.CARRIER)
    parts.pass_time(apart)
    parts.look("web2", "link.bond", BOND, Reason.MISSING)
    parts.pass_time(40)
    ticket = parts.only_ticket()
    assert (ticket.fault, ticket.entity) == ("net.bond.degraded", BOND)


def test_the_ticket_about_a_bond_is_resolved_when_port_and_bond_are_well(parts):
    parts.look("web2", "net.link", PORT, Reason.CARRIER)
    parts.look("web2", "link.bond", BOND, Reason.MISSING)
    parts.pass_time(40)
    parts.look("web2", "net.link", PORT)
    parts.look("web2", "link.bond", BOND)
    parts.pass_time(60)
    assert parts.tickets(open_only=True) == []


def test_a_disk_that_fell_out_of_its_array_is_one_ticket_about_the_array(parts):
    parts.look("web2", "log.io_error", DISK, Reason.MATCHED)
    parts.pass_time(3)
    parts.look("web2", "raid.array", ARRAY, Reason.DEGRADED)
    parts.pass_time(40)
    ticket = parts.only_ticket()
    assert (ticket.fault, ticket.entity) == ("storage.raid.degraded", ARRAY)


def test_a_disk_that_broke_and_took_the_redundancy_along_is_one_ticket_about_the_disk(parts):
    parts.look("web2", "log.medium_error", DISK, Reason.MATCHED)
    parts.look("web2", "log.io_error", DISK, Reason.MATCHED)
    parts.pass_time(8)
    parts.look("web2", "raid.array", ARRAY, Reason.DEGRADED)
    parts.pass_time(40)
    ticket = parts.only_ticket()
    assert (ticket.fault, ticket.entity) == ("storage.disk.medium_error", DISK)
