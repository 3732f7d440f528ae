"""What is made of several parts leans on them, and remembers those that it lost."""

from __future__ import annotations

import pytest

from rules.catalogue import load_catalogue
from rules.models import Relation, Role
from rules.topology import Topology
from rules.topology.vanished import KEPT
from wire.inventory import Composite, Inventory, Mount, Nic

PORTS = (
    Nic(name="bond0", kind="bond", addresses=("10.0.0.1/24",)),
    Nic(name="eth0", kind="ethernet", master="bond0", switch="sw1"),
    Nic(name="eth1", kind="ethernet", master="bond0", switch="sw2"),
)
BOND = Composite(kind="bond", name="bond0", parts=("eth0", "eth1"), need=1)
ARRAY = Composite(kind="array", name="md0", parts=("sda", "sdb"), need=1)
POOL = Composite(kind="pool", name="vg0", parts=("md0", "sdc"))


def known(*composites: Composite, mounts: tuple[Mount, ...] = (), nics: tuple[Nic, ...] = ()) -> Topology:
    topology = Topology()
    topology.update(Inventory(host="web1", at=1.0, composites=composites, mounts=mounts, nics=nics))
    return topology


def backing(topology: Topology, entity: str) -> set[str]:
    return {edge.parent for edge in topology.graph.parents(entity) if edge.relation is Relation.BACKED_BY}


@pytest.mark.parametrize(
    ("whole", "parts"),
    [
        ("bond:web1/bond0", {"nic:web1/eth0", "nic:web1/eth1"}),
        ("array:web1/md0", {"disk:web1/sda", "disk:web1/sdb"}),
        ("pool:web1/vg0", {"array:web1/md0", "disk:web1/sdc"}),
        ("nic:web1/bond0", {"bond:web1/bond0"}),
    ],
)
def test_it_is_backed_by_its_parts(whole: str, parts: set[str]) -> None:
    assert backing(known(BOND, ARRAY, POOL), whole) == parts


def test_a_file_system_lies_on_the_array_that_its_disk_is() -> None:
    topology = known(ARRAY, mounts=(Mount(point="/srv", disk="md0"), Mount(point="/", disk="sdz")))
    assert (backing(topology, "fs:web1:/srv"), backing(topology, "fs:web1:/")) == (
        {"array:web1/md0"},
        {"disk:web1/sdz"},
    )


def test_only_what_can_lose_a_part_is_redundant() -> None:
    assert set(known(BOND, ARRAY, POOL).graph.groups) == {"group:web1/bond0", "group:web1/md0"}


def test_a_part_that_was_taken_away_is_still_one_for_an_hour() -> None:
    topology = known(ARRAY)
    alone = Composite(kind="array", name="md0", parts=("sda",), need=1)
    topology.update(Inventory(host="web1", at=60.0, composites=(alone,)))
    assert backing(topology, "array:web1/md0") == {"disk:web1/sda", "disk:web1/sdb"}
    assert topology.graph.groups["group:web1/md0"].need == 1


def test_a_part_that_was_taken_away_long_ago_is_none() -> None:
    topology = known(ARRAY)
    alone = Composite(kind="array", name="md0", parts=("sda",), need=1)
    topology.update(Inventory(host="web1", at=60.0, composites=(alone,)))
    topology.update(Inventory(host="web1", at=60.0 + KEPT, composites=(alone,), kernel="next"))
    assert backing(topology, "array:web1/md0") == {"disk:web1/sda"}


def test_a_look_at_a_bond_is_one_at_the_switches_of_its_ports() -> None:
    topology = known(BOND, nics=PORTS)
    signal = load_catalogue().signals["link.bond"]
    looked = topology.exercised("web1", signal, "bond:web1/bond0", None)
    assert {entity for role, entity in looked if role is Role.PATH} == {"switch:sw1", "switch:sw2"}
