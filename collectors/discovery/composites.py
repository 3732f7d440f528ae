"""What of this host is made of several parts: bonds of ports, arrays, pools and multipath disks of disks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from collectors.host import Host
from collectors.network.nic_table import interfaces
from collectors.storage.stacked import Mapped, below, mapped, part, whole
from collectors.storage.zpool_parts import REMEMBERED as POOLS
from collectors.sysfs import names
from wire.inventory import Composite

ZFS = "/proc/spl/kstat/zfs"
BONDING_KINDS = frozenset(["bond", "team"])
SPARE_OF_LEVEL = {"raid4": 1, "raid5": 1, "raid6": 2, "raid10": 1}
"""How many members an array can lose for sure; raid1 all but one."""
ONE = 1
MIRRORED = re.compile(r"_[rm]image_\d+$")
"""The parts of a volume of LVM that is kept more than once."""
LONGEST = 256


def composites(host: Host) -> Iterator[Composite]:
    yield from _bonds(host)
    yield from _arrays(host)
    yield from _mapped(host)
    for name in names(host, ZFS):
        if host.exists(f"{ZFS}/{name}/state"):
            parts, spare = host.remembered.get(POOLS, {}).get(name, ((), 0))
            yield _made("pool", name, parts, len(parts) - spare if spare else 0)


def _bonds(host: Host) -> Iterator[Composite]:
    try:
        nics = interfaces(host)
    except OSError:
        return
    for one in nics:
        if one.kind in BONDING_KINDS:
            parts = [nic.name for nic in nics if nic.master == one.name]
            yield _made("bond", one.name, parts, ONE)


def _arrays(host: Host) -> Iterator[Composite]:
    """Kernel: Documentation/admin-guide/md.rst. A container of BIOS RAID is no array itself."""
    for name in names(host, "/sys/block", r"md[\w-]+"):
        try:
            level = host.read(f"/sys/block/{name}/md/level", 64).strip()
        except OSError:
            continue
        if level != "container":
            yield _made("array", name, _parts(host, name), _needed(host, name, level))


def _needed(host: Host, name: str, level: str) -> int:
    if level == "raid1":
        return ONE
    try:
        wanted = int(host.read(f"/sys/block/{name}/md/raid_disks", 64).split()[0])
    except (OSError, ValueError, IndexError):
        return 0
    return wanted - SPARE_OF_LEVEL[level] if level in SPARE_OF_LEVEL else 0


def _mapped(host: Host) -> Iterator[Composite]:
    """Volume groups by what their volumes are mapped onto, thin pools, and disks that lie on others."""
    groups: dict[str, set[str]] = {}
    mirrored: set[str] = set()
    for name in names(host, "/sys/block", r"dm-\d+"):
        known = mapped(host, name)
        if known.pool:
            yield _made("pool", known.pool, [known.group], 0)
        elif known.multipath:
            yield _made("disk", name, _parts(host, name), ONE)
        elif lies_on := _lies_on(host, name, known):
            yield _made("disk", name, lies_on, 0)
        if known.group:
            groups.setdefault(known.group, set()).update(_parts(host, name))
            if MIRRORED.search(known.name):
                mirrored.add(known.group)
    for group, parts in sorted(groups.items()):
        yield _made("pool", group, sorted(parts), len(parts) - 1 if group in mirrored else 0)


def _lies_on(host: Host, name: str, known: Mapped) -> list[str]:
    """One step down; the group, for a volume that it keeps in several places."""
    parts = below(host, name)
    return [known.group] if known.group and len(parts) > 1 else sorted({part(host, one) for one in parts})


def _parts(host: Host, name: str) -> list[str]:
    """Down to what is a part in its own right: a whole disk, an array, a multipath disk."""
    found: dict[str, None] = {}
    for one in below(host, name):
        if one.startswith("dm-") and not mapped(host, one).multipath:
            found.update(dict.fromkeys(_parts(host, one)))
        else:
            found[whole(host, one)] = None
    return sorted(found)


def _made(kind: str, name: str, parts: Sequence[str], need: int) -> Composite:
    return Composite(
        kind=kind,
        name=name[:LONGEST],
        parts=tuple(part[:LONGEST] for part in parts[:LONGEST]),
        need=max(0, min(need, LONGEST)),
    )
