"""What /sys tells of bonds, arrays, volume groups, pools and multipath disks: what they are made of."""

from __future__ import annotations

import pytest

from collectors.discovery.composites import composites
from collectors.discovery.storage import mounts
from collectors.storage.zpool_facts import parse_status
from collectors.storage.zpool_parts import remember
from wire.inventory import Composite

LVM = "LVM-kUqdX7hbWv0rVnPl1TmsKAnVb1JYE2wH"


def block(tree, name, *below, partition_of="", **files):
    """A device as the kernel shows it: /sys/class/block/NAME, with links to what lies below it in slaves."""
    place = f"devices/{partition_of}/{name}" if partition_of else f"devices/{name}"
    folder = tree.root / "sys" / place
    (folder / "slaves").mkdir(parents=True)
    for part in below:
        (folder / "slaves" / part).symlink_to(f"/sys/class/block/{part}")
    if partition_of:
        tree.write(f"/sys/{place}/partition", "1\n")
    for path, text in files.items():
        tree.write(f"/sys/{place}/{path.replace('__', '/')}", text + "\n")
    for folder_of_links in ("class/block", *(() if partition_of else ("block",))):
        link = tree.root / "sys" / folder_of_links / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(("../../" if folder_of_links == "class/block" else "../") + place)


def test_an_array_is_made_of_the_disks_of_its_partitions(tree):
    for disk in ("sda", "sdb"):
        block(tree, disk)
        block(tree, f"{disk}1", partition_of=disk)
    block(tree, "md0", "sda1", "sdb1", md__level="raid1", md__raid_disks="2")
    assert list(composites(tree.host())) == [
        Composite(kind="array", name="md0", parts=("sda", "sdb"), need=1)
    ]


@pytest.mark.parametrize(
    ("level", "need"), [("raid1", 1), ("raid5", 3), ("raid6", 2), ("raid10", 3), ("raid0", 0), ("linear", 0)]
)
def test_what_an_array_needs_follows_from_its_level(tree, level, need):
    for disk in ("sda", "sdb", "sdc", "sdd"):
        block(tree, disk)
    block(tree, "md127", "sda", "sdb", "sdc", "sdd", md__level=level, md__raid_disks="4")
    assert [one.need for one in composites(tree.host())] == [need]


def test_a_volume_group_on_an_array_leads_to_the_array(tree):
    block(tree, "sda")
    block(tree, "sdb")
    block(tree, "sdc")
    block(tree, "md0", "sda", "sdb", md__level="raid1", md__raid_disks="2")
    block(tree, "dm-0", "md0", dm__name="data--1-root", dm__uuid=f"{LVM}a")
    block(tree, "dm-1", "md0", "sdc", dm__name="data--1-big", dm__uuid=f"{LVM}b")
    found = {one.name: one for one in composites(tree.host())}
    assert found["data-1"] == Composite(kind="pool", name="data-1", parts=("md0", "sdc"))


def test_a_volume_that_lvm_keeps_twice_can_lose_a_disk(tree):
    block(tree, "sda")
    block(tree, "sdb")
    block(tree, "dm-0", "sda", dm__name="vg-home_rimage_0", dm__uuid=f"{LVM}a")
    block(tree, "dm-1", "sdb", dm__name="vg-home_rimage_1", dm__uuid=f"{LVM}b")
    block(tree, "dm-2", "dm-0", "dm-1", dm__name="vg-home", dm__uuid=f"{LVM}c")
    found = {one.name: one for one in composites(tree.host())}
    assert found["vg"] == Composite(kind="pool", name="vg", parts=("sda", "sdb"), need=1)
    assert found["dm-2"] == Composite(kind="disk", name="dm-2", parts=("vg",))


def test_a_thin_volume_lies_on_its_pool_and_the_pool_on_its_group(tree):
    block(tree, "sdc")
    block(tree, "dm-0", "sdc", dm__name="vg--0-pool_tmeta", dm__uuid=f"{LVM}a-tmeta")
    block(tree, "dm-1", "sdc", dm__name="vg--0-pool_tdata", dm__uuid=f"{LVM}b-tdata")
    block(tree, "dm-2", "dm-0", "dm-1", dm__name="vg--0-pool-tpool", dm__uuid=f"{LVM}c-tpool")
    block(tree, "dm-4", "dm-2", dm__name="vg--0-thin", dm__uuid=f"{LVM}d")
    found = {one.name: one for one in composites(tree.host())}
    assert found["dm-4"] == Composite(kind="disk", name="dm-4", parts=("vg-0/pool",))
    assert found["vg-0/pool"] == Composite(kind="pool", name="vg-0/pool", parts=("vg-0",))
    assert found["vg-0"] == Composite(kind="pool", name="vg-0", parts=("sdc",))
    assert "dm-2" not in found


def test_an_encrypted_disk_lies_on_the_one_below(tree):
    block(tree, "sda")
    block(tree, "sda3", partition_of="sda")
    block(tree, "dm-0", "sda3", dm__name="secret", dm__uuid="CRYPT-LUKS2-0123-secret")
    assert list(composites(tree.host())) == [Composite(kind="disk", name="dm-0", parts=("sda",))]


def test_the_paths_of_a_multipath_disk_are_its_parts_and_it_is_one_disk_above(tree):
    block(tree, "sda")
    block(tree, "sdb")
    block(tree, "dm-0", "sda", "sdb", dm__name="mpatha", dm__uuid="mpath-360014051234")
    block(tree, "dm-1", "dm-0", dm__name="vg-root", dm__uuid=f"{LVM}a")
    assert list(composites(tree.host())) == [
        Composite(kind="disk", name="dm-0", parts=("sda", "sdb"), need=1),
        Composite(kind="disk", name="dm-1", parts=("dm-0",)),
        Composite(kind="pool", name="vg", parts=("dm-0",)),
    ]


@pytest.mark.parametrize(
    ("device", "under"),
    [("sda", "sda"), ("sda1", "sda"), ("dm-2", "dm-2"), ("dm-1", "dm-1"), ("md0", "md0")],
    ids=["disk", "partition", "crypt", "volume", "array"],
)
def test_a_mount_lies_on_a_disk_or_on_what_is_made_of_others(tree, device, under):
    block(tree, "sda")
    block(tree, "sda1", partition_of="sda")
    block(tree, "sdb")
    block(tree, "md0", "sda", md__level="raid1", md__raid_disks="2")
    block(tree, "dm-1", "sda", "sdb", dm__name="vg-root", dm__uuid=f"{LVM}a")
    block(tree, "dm-2", "sda", dm__name="secret", dm__uuid="CRYPT-LUKS2-0123-secret")
    tree.write("/proc/self/mountinfo", f"22 1 9:9 / /srv rw - ext4 /dev/{device} rw\n")
    assert [one.disk for one in mounts(tree.host())] == [under]


ZPOOL = b"""  pool: tank
 state: DEGRADED
config:

\tNAME                        STATE     READ WRITE CKSUM
\ttank                        DEGRADED     0     0     0
\t  mirror-0                  DEGRADED     0     0     0
\t    ata-DISK_A-part1        ONLINE       0     0     0
\t    12803384190000812345    UNAVAIL      0     0     0  was /dev/sdb1
\tspares
\t  sdz                       AVAIL

errors: No known data errors
"""


def test_a_pool_of_zfs_is_made_of_what_its_status_told_last(tree):
    tree.write("/proc/spl/kstat/zfs/tank/state", "DEGRADED\n")
    (tree.root / "dev/disk/by-id").mkdir(parents=True)
    (tree.root / "dev/disk/by-id/ata-DISK_A-part1").symlink_to("../../sda1")
    host = tree.host()
    remember(parse_status(ZPOOL), host)
    assert list(composites(host)) == [Composite(kind="pool", name="tank", parts=("sda", "sdb"), need=1)]
