"""How block devices lie on each other: partitions in disks, mapped devices on what they are made of."""

from __future__ import annotations

import os.path
import re

import msgspec

from collectors.host import Host
from collectors.storage.mount_table import MountPoint

CLASS = "/sys/class/block"
LVM = re.compile(r"(?P<group>(?:[^-]|--)+)-(?!-)(?P<volume>(?:[^-]|--)*)(?:-(?P<layer>[a-z]+))?")
"""Of a mapped name; a dash inside a name is doubled (dmsetup(8), lvm)."""
THIN_POOL = "tpool"


class Mapped(msgspec.Struct, frozen=True, kw_only=True):
    """What the device mapper says of a device; empty for one that is not mapped."""

    name: str = ""
    group: str = ""
    """The volume group that it is a volume of."""
    volume: str = ""
    """Of that group; what LVM adds for its own use (``-tpool``) is left out."""
    pool: str = ""
    """``group/volume`` of a thin pool, which others are cut from."""
    multipath: bool = False


def mapped(host: Host, device: str) -> Mapped:
    folder = f"{CLASS}/{device}/dm"
    try:
        name, uuid = host.read(f"{folder}/name", 512).strip(), host.read(f"{folder}/uuid", 512).strip()
    except OSError:
        return Mapped()
    found = LVM.match(name) if uuid.startswith("LVM-") else None
    group, volume = (found[part].replace("--", "-") for part in ("group", "volume")) if found else ("", "")
    return Mapped(
        name=name,
        group=group,
        volume=volume,
        pool=f"{group}/{volume}" if found and found["layer"] == THIN_POOL else "",
        multipath=uuid.startswith("mpath-"),
    )


def below(host: Host, device: str) -> list[str]:
    """What it is made of, one step down."""
    try:
        return sorted(host.list(f"{CLASS}/{device}/slaves"))
    except OSError:
        return []


def whole(host: Host, device: str) -> str:
    """``sda1`` → ``sda``: a partition's folder lies in its disk's."""
    target = os.path.realpath(host.path(f"{CLASS}/{device}"))
    if os.path.exists(f"{target}/partition"):  # noqa: PTH110
        target = os.path.dirname(target)  # noqa: PTH120
    return os.path.basename(target)  # noqa: PTH119


def part(host: Host, device: str) -> str:
    """What a file system or a device lies on: a disk, an array, a mapped device or a pool, by its name."""
    return mapped(host, device).pool or whole(host, device)


def disk_of(host: Host, one: MountPoint) -> str:
    """``sda`` for a mount of /dev/sda1; ``""`` where no block device is under it."""
    if one.type == "zfs":
        return one.source.partition("/")[0]
    folder = f"/sys/dev/block/{one.device}"
    if host.exists(folder):
        return part(host, os.path.basename(os.path.realpath(host.path(folder))))  # noqa: PTH119
    name = one.source.rpartition("/")[2]
    known = one.source.startswith("/dev/") and host.exists(f"{CLASS}/{name}")
    return part(host, name) if known else ""
