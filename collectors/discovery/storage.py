"""The mounts that keep files, with the whole disk, array, mapped device or pool under each."""

from __future__ import annotations

import os.path
from collections.abc import Iterator

from collectors.discovery.block import part
from collectors.host import Host
from collectors.storage.mount_table import MountPoint, file_systems
from wire.inventory import Mount


def mounts(host: Host) -> Iterator[Mount]:
    for one in file_systems(host):
        yield Mount(
            point=one.point[:512], device=one.source[:512], disk=disk_of(host, one)[:512], type=one.type[:512]
        )


def disk_of(host: Host, one: MountPoint) -> str:
    """``sda`` for a mount of /dev/sda1; ``""`` where no block device is under it."""
    if one.type == "zfs":
        return one.source.partition("/")[0]
    folder = f"/sys/dev/block/{one.device}"
    if host.exists(folder):
        return part(host, os.path.basename(os.path.realpath(host.path(folder))))  # noqa: PTH119
    name = one.source.rpartition("/")[2]
    return (
        part(host, name) if one.source.startswith("/dev/") and host.exists(f"/sys/class/block/{name}") else ""
    )
