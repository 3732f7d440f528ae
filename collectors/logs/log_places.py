"""Where the devices and paths that log lines name are mounted on this host, and which pools they are."""

from __future__ import annotations

import os

from collectors.host import Host
from collectors.storage.mount_table import MountPoint, file_systems, mount_of, mounts
from collectors.storage.stacked import CLASS, THIN_POOL, mapped
from collectors.sysfs import names

FULL = 0.01
"""Free part of the blocks or inodes below which a file system is the one that a line without a path means."""

POOL_ITSELF = f"-{THIN_POOL}"
"""Ends the name of the mapped device that volumes share; the one without it is for LVM's use."""


class HostPlaces:
    """Answers from mountinfo and sysfs; ``""`` where they do not tell."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def mount_of_device(self, device: str) -> str:
        number = self._number(device)
        for one in self._mounts():
            if (number and one.device == number) or one.source == f"/dev/{device}":
                return one.point
        return ""

    def mount_of_path(self, path: str) -> str:
        return mount_of(
            os.path.normpath(path), sorted((one.point for one in self._mounts()), key=len, reverse=True)
        )

    def full_mount(self) -> str:
        """The one file system that is full now; none where it is not just one."""
        full = [
            one.point for one in file_systems(self._host) if not one.may_hang and self._is_full(one.point)
        ]
        return full[0] if len(full) == 1 else ""

    def pool_of_device(self, device: str) -> str:
        """As LVM's tools call it: ``252:2`` of the kernel, ``vg0-pool`` of its daemon are ``vg0/pool``."""
        for block in names(self._host, CLASS, r"dm-\d+"):
            one = mapped(self._host, block)
            called = {one.name, one.name.removesuffix(POOL_ITSELF), self._number(block)}
            if one.group and device in called:
                return f"{one.group}/{one.volume}"
        return ""

    def _mounts(self) -> list[MountPoint]:
        try:
            return mounts(self._host)
        except OSError:
            return []

    def _number(self, device: str) -> str:
        try:
            return self._host.read(f"{CLASS}/{device.replace('/', '!')}/dev", 64).strip()
        except OSError:
            return ""

    def _is_full(self, point: str) -> bool:
        try:
            status = os.statvfs(self._host.path(point))
        except OSError:
            return False
        blocks = status.f_blocks > 0 and status.f_bavail < FULL * status.f_blocks
        inodes = status.f_files > 0 and status.f_favail < FULL * status.f_files
        return blocks or inodes
