"""What a log line calls a pool is the pool that LVM's own tools tell of."""

from __future__ import annotations

import pytest

from collectors.logs.log_places import HostPlaces
from rules.matching.entities import NOWHERE, entity_of

POOL = "pool:{host}/{pool}"


@pytest.fixture
def mapped(tree):
    """As Debian's 6.1 shows a thin pool that volumes share, beside a device of another kind."""
    for block, number, name, uuid in (
        ("dm-2", "252:2", "my--group-pool-tpool", "LVM-0aBcDe-tpool"),
        ("dm-3", "252:3", "my--group-pool", "LVM-0aBcDe-pool"),
        ("dm-4", "252:4", "vault", "CRYPT-LUKS2-0123-vault"),
    ):
        tree.write(f"/sys/class/block/{block}/dev", f"{number}\n")
        tree.write(f"/sys/class/block/{block}/dm/name", f"{name}\n")
        tree.write(f"/sys/class/block/{block}/dm/uuid", f"{uuid}\n")
    return HostPlaces(tree.host())


@pytest.mark.parametrize("said", ["252:2", "my--group-pool-tpool", "my--group-pool"])
def test_number_and_mapped_name_of_a_thin_pool_are_one_pool(mapped, said):
    assert entity_of(POOL, {"pool": said}, "vm1", "", mapped) == "pool:vm1/my-group/pool"


@pytest.mark.parametrize("said", ["tank", "vault", "252:4", "252:9"])
def test_what_is_no_volume_of_lvm_keeps_its_name(mapped, said):
    assert entity_of(POOL, {"pool": said}, "vm1", "", mapped) == f"pool:vm1/{said}"


def test_of_a_host_that_is_not_at_hand_the_name_is_kept():
    assert entity_of(POOL, {"pool": "252:2"}, "vm1", "", NOWHERE) == "pool:vm1/252:2"
