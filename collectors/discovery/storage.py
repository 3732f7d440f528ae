"""The mounts that keep files, with the whole disk under each."""

from __future__ import annotations

import os.path
from collections.abc import Iterator

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
    folder = f"/sys/dev/block/{one.device}"
    if not host.exists(folder) and one.source.startswith("/dev/"):
        folder = f"/sys/class/block/{one.source.rpartition('/')[2]}"
    return _whole(host, folder) if host.exists(folder) else ""


def _whole(host: Host, folder: str) -> str:
    """A partition's folder lies in its disk's; a mapped device names what it is made of in ``slaves``."""
    target = os.path.realpath(host.path(folder))
    slaves = f"{target}/slaves"
    if os.path.isdir(slaves):  # noqa: PTH112
        below = sorted(os.listdir(slaves))  # noqa: PTH208
        if len(below) == 1:
            return _whole(host, f"/sys/class/block/{below[0]}")
    if os.path.exists(f"{target}/partition"):  # noqa: PTH110
        target = os.path.dirname(target)  # noqa: PTH120
    return os.path.basename(target)  # noqa: PTH119
