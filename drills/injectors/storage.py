"""Harm to file systems and the devices under them; all real, on loop devices and disks of the host's own."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from drills.command import run
from drills.errors import NotPossible
from drills.host import device_of
from drills.injectors.injector import Injector
from drills.kernel_log import KernelLog
from drills.lab import Lab
from drills.layout import MachineName
from drills.node import Node
from drills.rack import MAKE_EXT4

BLOCK = b"\0" * 65536
CACHE = "/proc/sys/vm/drop_caches"
BLKIO = Path("/sys/fs/cgroup/blkio")
MOUNT_OPTIONS = "errors=remount-ro"


class FileSystemFull(Injector, frozen=True, kw_only=True):
    """A file grows until there is no space left."""

    host: MachineName
    mount: str = "/srv/data"

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        filler = lab[self.host].path(f"{self.mount}/core.dump")
        with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(BLOCK)
        with filler.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(b"\0")
        yield
        filler.unlink()


class InodesExhausted(Injector, frozen=True, kw_only=True):
    """Tiny files until there is no inode left."""

    host: MachineName
    mount: str = "/srv/data"

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        cache = lab[self.host].path(f"{self.mount}/sessions")
        cache.mkdir()
        number = 0
        with contextlib.suppress(OSError):
            while True:
                (cache / f"sess_{number}").touch(exist_ok=False)
                number += 1
        yield
        for file in cache.iterdir():
            file.unlink()
        cache.rmdir()


class FileSystemError(Injector, frozen=True, kw_only=True):
    """The file system finds an error in itself and is remounted read-only by the kernel."""

    host: MachineName
    mount: str = "/srv/data"

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        node = lab[self.host]
        trigger = Path(f"/sys/fs/ext4/{device_of(node, self.mount)}/trigger_fs_error")
        if not trigger.exists():
            raise NotPossible("this kernel has no trigger for an ext4 error")
        with contextlib.closing(KernelLog()) as kernel:
            trigger.write_text("1")
            kernel.copy(node, device_of(node, self.mount))
        yield
        remount(node, self.mount)


class Unmounted(Injector, frozen=True, kw_only=True):
    """A volume is not mounted any more; the folder where it should be is there, and empty."""

    host: MachineName
    mount: str = "/srv/data"

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        node = lab[self.host]
        node.run("umount", self.mount)
        yield
        node.run("mkdir", "-p", self.mount)
        mount_image(node, self.mount)


class FileSystemCorrupt(Injector, frozen=True, kw_only=True):
    """What lies on the disk contradicts itself: a folder names an inode that is gone; the system goes on."""

    host: MachineName
    mount: str = "/srv/data"

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        node = lab[self.host]
        node.run("mount", "-o", "remount,errors=continue", self.mount)
        node.write(f"{self.mount}/orders", "12 apples\n")
        for way in ("--freeze", "--unfreeze"):  # while the journal holds it the kernel keeps the inode
            node.run("fsfreeze", way, self.mount)
        image = f"{lab.rack.place}/{self.host}-{Path(self.mount).name}.img"
        lab.rack.enter("debugfs", "-w", "-R", "clri /orders", image)
        with contextlib.closing(KernelLog()) as kernel:
            Path(CACHE).write_text("3")
            with contextlib.suppress(OSError):
                node.path(f"{self.mount}/orders").read_text()
            kernel.copy(node, f"device {device_of(node, self.mount)}")
        yield
        remount(node, self.mount)


class DiskThrottled(Injector, frozen=True, kw_only=True):
    """The disk under a volume answers late, or hardly ever: the device below it may do only so much.

    Undone, the same disk answers in time again.
    """

    host: MachineName
    mount: str = "/srv/data"
    writes_per_second: int = 0
    bytes_per_second: int = 0

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        limits = {"iops": self.writes_per_second, "bps": self.bytes_per_second}
        files = {BLKIO / f"blkio.throttle.write_{what}_device": most for what, most in limits.items() if most}
        if not all(file.exists() for file in files):
            raise NotPossible("this machine cannot throttle a block device (blkio of cgroup v1)")
        node = lab[self.host]
        below = stack(node, self.mount)
        number = Path(below).stat().st_rdev
        try:
            for file, most in files.items():
                file.write_text(f"{os.major(number)}:{os.minor(number)} {most}")
            yield
        finally:
            for file in files:
                file.write_text(f"{os.major(number)}:{os.minor(number)} 0")


class MediumError(Injector, frozen=True, kw_only=True):
    """Sectors of the disk can no longer be read: what lies behind them is gone."""

    host: MachineName
    mount: str = "/srv/data"

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        node, name = lab[self.host], Path(self.mount).name
        image = lab.rack.path(f"{self.host}-{name}.img")
        victim = node.path(f"{self.mount}/archive")
        victim.write_bytes(os.urandom(4 * 1024 * 1024))
        node.run("sync", "-f", self.mount)
        device = device_of(node, self.mount)
        size = image.stat().st_size
        with contextlib.closing(KernelLog()) as kernel:
            Path(CACHE).write_text("1")
            os.truncate(image, size // 16)
            with contextlib.suppress(OSError):
                victim.read_bytes()
            kernel.copy(node, f"dev {device}")
        yield
        os.truncate(image, size)
        victim.unlink(missing_ok=True)
        remount(node, self.mount, anew=True)


def stack(node: Node, mount: str) -> str:
    """Puts one more device, which can be throttled, below the one that is mounted; what it is called."""
    rack, image = node.rack, f"{node.rack.place}/{node.name}-{Path(mount).name}.img"
    mounted = f"/dev/{device_of(node, mount)}"
    behind = rack.enter("losetup", "--noheadings", "--output", "BACK-FILE", mounted).strip()
    if behind.startswith("/dev/"):  # an earlier drill has put it there
        return behind
    node.run("umount", mount)
    below = rack.enter("losetup", "--find", "--show", image).strip()
    device = rack.enter("losetup", "--direct-io=on", "--find", "--show", below).strip()
    mount_device(node, device, mount)
    rack.enter("losetup", "--detach", below)
    return below


def mount_device(node: Node, device: str, mount: str) -> None:
    """It is gone again when it is unmounted."""
    if not node.path(device).exists():
        os.mknod(node.path(device), 0o600 | stat.S_IFBLK, Path(device).stat().st_rdev)
    node.run("mount", "-o", MOUNT_OPTIONS, device, mount)
    node.rack.enter("losetup", "--detach", device)


def remount(node: Node, mount: str, *, anew: bool = False) -> None:
    """Unmounts a volume, repairs it (or makes it anew, as on a new disk) and mounts it again."""
    rack, image = node.rack, f"{node.rack.place}/{node.name}-{Path(mount).name}.img"
    node.run("umount", mount)
    if anew:
        rack.enter("mkfs.ext4", *MAKE_EXT4, image)
    else:
        run([*rack.prefix_argv, "e2fsck", "-fy", image], check=False)
    mount_image(node, mount)


def mount_image(node: Node, mount: str) -> None:
    image = f"{node.rack.place}/{node.name}-{Path(mount).name}.img"
    mount_device(node, node.rack.enter("losetup", "--find", "--show", image).strip(), mount)
