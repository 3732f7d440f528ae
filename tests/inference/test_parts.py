"""One lost part of a bond, an array or a pool is one root: the whole, or the part that shows what it has."""

from __future__ import annotations

import pytest

from rules.graph import Group
from rules.models import Relation
from wire.judgement import Reason

BOND, PORTS = "bond:web1/bond0", ("nic:web1/eth1", "nic:web1/eth2")
ARRAY, POOL, DISKS = "array:db1/md0", "pool:db1/tank", ("disk:db1/sda", "disk:db1/sdb")


def made(world, whole, parts):
    host = f"host:{whole.partition(':')[2].partition('/')[0]}"
    world.edge(whole, Relation.RUNS_ON, host)
    for part in parts:
        world.edge(whole, Relation.BACKED_BY, part)
        world.edge(part, Relation.MEMBER_OF, whole)
    world.graph.add_group(Group(f"group:{whole}", parts, balanced=False, health_checked=True))
    world.alive()


def only(world):
    found = world.infer()
    assert len(found) == 1, [(each.root.fault, each.root.entity) for each in found]
    return found[0]


def root(world):
    found = only(world)
    return found.root.fault, found.entity


def port_lost(world, port, **times):
    world.local("net.link", port, Reason.CARRIER, **times)


@pytest.mark.parametrize("first", [0.0, 4.0], ids=["the port first", "the bond first"])
def test_a_lost_port_is_a_sign_of_its_bond(world, first):
    made(world, BOND, PORTS)
    port_lost(world, PORTS[0], since=first)
    world.local("net.link", PORTS[1], Reason.OK, since=-900.0, at=9.0)
    world.local("link.bond", BOND, Reason.MISSING, since=2.0)
    found = only(world)
    assert (found.root.fault, found.entity, len(found.explains)) == ("net.bond.degraded", BOND, 2)


def test_the_report_of_a_degraded_bond_can_say_what_is_left(world):
    made(world, BOND, PORTS)
    port_lost(world, PORTS[0])
    world.local("link.bond", BOND, Reason.MISSING)
    assert [(each.lost, each.left) for each in only(world).redundancy] == [(PORTS[:1], PORTS[1:])]


def test_all_ports_lost_are_one_root(world):
    made(world, BOND, PORTS)
    world.edge("nic:web1/bond0", Relation.BACKED_BY, BOND)
    for port in (*PORTS, "nic:web1/bond0"):
        port_lost(world, port)
    world.local("link.bond", BOND, Reason.CARRIER, since=1.0)
    assert root(world) == ("net.bond.degraded", BOND)


def test_a_port_that_comes_and_goes_is_the_root_of_a_bond_that_loses_it(world):
    made(world, BOND, PORTS)
    world.local("net.link", PORTS[0], Reason.FLAPPING)
    world.local("link.bond", BOND, Reason.MISSING, since=1.0)
    assert root(world) == ("net.link.flap", PORTS[0])


def test_a_port_of_another_bond_is_a_root_of_its_own(world):
    made(world, BOND, PORTS)
    port_lost(world, "nic:web2/eth3")
    world.local("link.bond", BOND, Reason.MISSING)
    assert {each.root.entity for each in world.infer()} == {"nic:web2/eth3", BOND}


@pytest.mark.parametrize(
    ("whole", "signal", "reason"),
    [
        (ARRAY, "raid.array", Reason.DEGRADED),
        (POOL, "zfs.pool", Reason.DEGRADED),
        (POOL, "lvm.group", Reason.MISSING),
    ],
)
class TestDisks:
    def test_a_disk_that_just_fell_out_is_told_by_the_whole(self, world, whole, signal, reason):
        made(world, whole, DISKS)
        world.local(signal, whole, reason)
        assert root(world) == ("storage.raid.degraded", whole)

    def test_failed_requests_to_a_disk_that_fell_out_are_no_root_beside_it(
        self, world, whole, signal, reason
    ):
        made(world, whole, DISKS)
        world.local("log.io_error", DISKS[1], Reason.MATCHED, confirmed=False)
        world.local(signal, whole, reason, since=1.0)
        assert root(world) == ("storage.raid.degraded", whole)

    def test_a_disk_that_cannot_read_its_own_data_is_the_root(self, world, whole, signal, reason):
        made(world, whole, DISKS)
        world.local("log.io_error", DISKS[1], Reason.MATCHED, confirmed=False)
        world.local("log.medium_error", DISKS[1], Reason.MATCHED, confirmed=False)
        world.local(signal, whole, reason, since=3.0)
        assert root(world) == ("storage.disk.medium_error", DISKS[1])

    def test_a_disk_that_says_itself_that_it_dies_is_the_root(self, world, whole, signal, reason):
        made(world, whole, DISKS)
        world.local("disk.smart", DISKS[0], Reason.ERRORS, since=-3000.0)
        world.local(signal, whole, reason, since=3.0)
        assert only(world).entity == DISKS[0]

    def test_a_disk_of_another_machine_is_a_root_of_its_own(self, world, whole, signal, reason):
        made(world, whole, DISKS)
        world.local(signal, whole, reason)
        world.local("log.medium_error", "disk:db2/sda", Reason.MATCHED, confirmed=False)
        world.local("log.io_error", "disk:db2/sda", Reason.MATCHED, confirmed=False)
        assert {each.entity for each in world.infer()} == {whole, "disk:db2/sda"}


def test_requests_on_a_lost_path_fail_because_the_path_is_lost(world):
    made(world, "disk:db1/dm-0", DISKS)
    world.local("log.io_error", DISKS[1], Reason.MATCHED, confirmed=False)
    world.local("disk.paths", "disk:db1/dm-0", Reason.DEGRADED, since=1.0)
    assert root(world) == ("storage.path.lost", "disk:db1/dm-0")


def test_a_file_system_on_a_degraded_array_is_no_root_of_its_own(world):
    made(world, ARRAY, DISKS)
    world.edge("fs:db1:/srv", Relation.BACKED_BY, ARRAY)
    world.local("log.io_error", DISKS[1], Reason.MATCHED, confirmed=False)
    world.local("raid.array", ARRAY, Reason.DEGRADED, since=1.0)
    world.local("log.fs_error", "fs:db1:/srv", Reason.MATCHED, since=2.0, confirmed=False)
    assert root(world) == ("storage.raid.degraded", ARRAY)


VOLUME, BELOW, ON_IT = "disk:db1/dm-5", "disk:db1/sdc", "fs:db1:/srv/plain"
THIN, THIN_POOL = "disk:db1/dm-4", "pool:db1/vg0/pool"


def lies_on(world, whole, part):
    made(world, whole, (part,))
    world.edge(ON_IT, Relation.BACKED_BY, whole)
    world.edge(ON_IT, Relation.RUNS_ON, "host:db1")


def file_system_broken(world):
    world.local("fs.errors", ON_IT, Reason.ERRORS, since=2.0)
    world.local("log.fs_error", ON_IT, Reason.MATCHED, since=2.0)
    world.local("log.fs_read_only", ON_IT, Reason.MATCHED, since=2.0)


def test_errors_of_a_mapped_device_explain_those_of_the_file_system_on_it(world):
    lies_on(world, VOLUME, BELOW)
    world.local("log.io_error", VOLUME, Reason.MATCHED)
    file_system_broken(world)
    assert root(world) == ("storage.disk.medium_error", VOLUME)


def test_errors_of_a_disk_explain_those_of_what_is_mapped_onto_it(world):
    lies_on(world, VOLUME, BELOW)
    world.local("log.medium_error", BELOW, Reason.MATCHED)
    world.local("log.io_error", VOLUME, Reason.MATCHED, since=1.0)
    file_system_broken(world)
    assert root(world) == ("storage.disk.medium_error", BELOW)


def test_a_slow_disk_makes_slow_what_is_mapped_onto_it(world):
    lies_on(world, VOLUME, BELOW)
    for disk in (BELOW, VOLUME):
        world.local("disk.latency", disk, Reason.SLOW)
    assert root(world) == ("storage.disk.slow", BELOW)


def test_a_full_thin_pool_explains_what_fails_on_a_volume_cut_from_it(world):
    lies_on(world, THIN, THIN_POOL)
    world.local("log.no_space", THIN_POOL, Reason.MATCHED)
    world.local("pool.space", THIN_POOL, Reason.FULL)
    world.local("log.io_error", THIN, Reason.MATCHED, since=1.0)
    file_system_broken(world)
    assert root(world) == ("storage.thin.full", THIN_POOL)


def test_a_line_that_a_pool_has_no_space_left_names_it_before_anybody_has_measured(world):
    lies_on(world, THIN, THIN_POOL)
    world.local("log.no_space", THIN_POOL, Reason.MATCHED)
    world.local("log.io_error", THIN, Reason.MATCHED, since=1.0)
    file_system_broken(world)
    assert root(world) == ("storage.thin.full", THIN_POOL)
