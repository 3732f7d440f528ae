"""The mounts that keep files, with the whole disk, array, mapped device or pool under each."""

from __future__ import annotations

from collections.abc import Iterator

from collectors.host import Host
from collectors.storage.mount_table import file_systems
from collectors.storage.stacked import disk_of
from wire.inventory import Mount


def mounts(host: Host) -> Iterator[Mount]:
    for one in file_systems(host):
        yield Mount(
            point=one.point[:512], device=one.source[:512], disk=disk_of(host, one)[:512], type=one.type[:512]
        )
