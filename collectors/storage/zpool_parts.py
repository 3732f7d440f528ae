"""Which disks a ZFS pool is made of, and how many it can lose: /sys does not tell, ``zpool status`` does."""

from __future__ import annotations

import re

from collectors.host import JSON, Host
from collectors.storage.zpool_facts import Device, Pool, Zpools
from rules.matching.entities import whole_disk

REMEMBERED = "zpools"
"""Pool → its disks, and how many may be lost."""
GROUP = re.compile(r"(?P<kind>mirror|raidz|draid|replacing|spare|indirect|root)(?P<parity>\d?)(?:[-:]|$)")
BY_NAME = (
    "/dev/disk/by-id",
    "/dev/disk/by-path",
    "/dev/disk/by-partuuid",
    "/dev/disk/by-vdev",
    "/dev/mapper",
)
WAS = re.compile(r"\bwas (?P<path>/dev/\S{1,200})")
STANDING_BY = "AVAIL"


def remember(found: Zpools, host: Host) -> None:
    """For the inventory, which may not wait for the command."""
    known: dict[str, JSON] = {one.name: [parts_of(one, host), spare_of(one)] for one in found.pools}
    if known != host.remembered.get(REMEMBERED, {}):
        host.remembered[REMEMBERED] = known


def parts_of(pool: Pool, host: Host) -> list[str]:
    leaves = (one for one in pool.devices if not GROUP.match(one.name) and one.state != STANDING_BY)
    return sorted({_disk(one, host) for one in leaves})


def spare_of(pool: Pool) -> int:
    """What the weakest of its groups can lose; 0 where the disks stand alone."""
    groups = [found for one in pool.devices if (found := GROUP.match(one.name)) is not None]
    spares = [int(each["parity"] or 1) for each in groups if each["kind"] in ("mirror", "raidz", "draid")]
    return min(spares, default=0)


def _disk(device: Device, host: Host) -> str:
    """By the name of the kernel. A disk that is gone goes by a number, and by what it was."""
    was = WAS.search(device.note)
    name = was["path"] if device.name.isdigit() and was else device.name
    for folder in ("", *BY_NAME):
        link = name if not folder else f"{folder}/{name.rpartition('/')[2]}"
        if link.startswith("/"):
            try:
                return whole_disk(host.read_link(link).rpartition("/")[2])
            except OSError:
                continue
    return whole_disk(name.rpartition("/")[2])
