"""Where the hosts of a lab stand: their disks, which outlive a host, and the end of all when the lab ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from drills import cgroups
from drills.command import run
from drills.errors import LabError, PrefixTaken

NAME = "rootward-lab-"
MAKE_EXT4 = ("-q", "-F", "-m", "0", "-N", "2000", "-E", "lazy_itable_init=1")
LABS = 99
DYING = 15.0
"""Seconds in which the processes of a dead lab have surely left their groups."""
CLEANING = 2.0
DISK = "size=192m,nr_inodes=60k"


class Rack:
    """A mount namespace of the lab's own, held by one process that ends when this process does.

    What is mounted in it, and every host in it, is gone when it ends, however the lab ended; a control
    group or a directory that a killed lab left is removed by the next one.
    """

    def __init__(self, prefix: str = "") -> None:
        """``prefix`` names the lab; empty: the first name that is free. Raises PrefixTaken."""
        if not re.fullmatch(r"[a-z0-9]{0,16}", prefix):
            raise LabError(f"lab prefix {prefix!r}: use up to 16 small letters and digits")
        clean_up_after_the_dead()
        self.place, self._lock = claim(prefix) if prefix else claim_any()
        self.name = self.place.name
        self._holder = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "cat"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        try:
            self._wait_for_holder()
            self.enter("mount", "-t", "tmpfs", "-o", "mode=755,size=2g", "tmpfs", str(self.place))
        except BaseException:
            self.remove()
            raise

    def _wait_for_holder(self) -> None:
        """It has its namespace once it answers."""
        if self._holder.stdin is None or self._holder.stdout is None:
            raise LabError("the holder of the lab has no pipes")
        with contextlib.suppress(BrokenPipeError):  # it ended; what it does not answer says so
            self._holder.stdin.write(b"?\n")
            self._holder.stdin.flush()
        if self._holder.stdout.readline() != b"?\n":
            raise LabError("cannot make a mount namespace; the lab needs root")

    @property
    def prefix_argv(self) -> list[str]:
        """What to put before a command for it to run among the lab's disks."""
        return ["nsenter", "--target", str(self._holder.pid), "--mount", "--"]

    def enter(self, *argv: str) -> str:
        return run([*self.prefix_argv, *argv]).stdout

    def path(self, *parts: str) -> Path:
        """A file of the rack, as this process reaches it."""
        return Path(f"/proc/{self._holder.pid}/root{self.place}", *parts)

    def disk(self, host: str) -> str:
        """The disk of a host: made when it is first asked for."""
        place = self.path("disks", host)
        inside = f"{self.place}/disks/{host}"
        if not place.exists():
            place.mkdir(parents=True)
            self.enter("mount", "-t", "tmpfs", "-o", DISK, f"disk-{host}", inside)
        return inside

    def volume(self, host: str, name: str, megabytes: int) -> str:
        """The image of an ext4 volume of a host: made when it is first asked for."""
        inside = f"{self.place}/{host}-{name}.img"
        if not self.path(f"{host}-{name}.img").exists():
            with self.path(f"{host}-{name}.img").open("wb") as image:
                image.truncate(megabytes * 1024 * 1024)
            self.enter("mkfs.ext4", *MAKE_EXT4, inside)
        return inside

    def remove(self) -> None:
        if self._holder.stdin:
            with contextlib.suppress(BrokenPipeError):
                self._holder.stdin.close()
        self._holder.wait(timeout=60)  # the kernel unmounts all of it first
        if self._holder.stdout:
            self._holder.stdout.close()
        remove_left_over(self.place)
        os.close(self._lock)


def claim_any() -> tuple[Path, int]:
    for number in range(1, LABS + 1):
        with contextlib.suppress(PrefixTaken):
            return claim(f"a{number}", patience=0.0)
    raise LabError(f"{LABS} labs are running already")


def claim(prefix: str, patience: float = CLEANING) -> tuple[Path, int]:
    """The directory of a lab, and the lock on it. Raises PrefixTaken when another lab has it.

    Whoever cleans up holds the lock of a dead one, or of a new one that is not locked yet, for some moments.
    """
    place = Path(tempfile.gettempdir(), NAME + prefix)
    until = time.monotonic() + patience
    while True:
        place.mkdir(mode=0o700, exist_ok=True)
        try:
            handle = lock(place)
        except FileNotFoundError:
            continue
        if handle is None:
            if time.monotonic() < until:
                time.sleep(0.05)
                continue
            raise PrefixTaken(f"a lab with prefix {prefix!r} is running already; choose another, or none")
        if place.exists() and place.stat().st_ino == os.fstat(handle).st_ino:
            return place, handle
        os.close(handle)


def lock(place: Path) -> int | None:
    """The lock of a lab's directory, or None when a living lab holds it."""
    handle = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return handle
    os.close(handle)
    return None


def clean_up_after_the_dead() -> None:
    """Removes what labs left whose process was killed."""
    for place in Path(tempfile.gettempdir()).glob(f"{NAME}*"):
        with contextlib.suppress(OSError):
            handle = lock(place)
            if handle is None:
                continue
            remove_left_over(place)
            os.close(handle)


def remove_left_over(place: Path) -> None:
    """The control groups of a lab and, last, its directory, by which the groups would be found again."""
    until = time.monotonic() + DYING
    while groups := cgroups.left_over(f"{place.name}."):
        for group in groups:
            cgroups.remove(group)
        if time.monotonic() > until:
            return
        time.sleep(0.05)  # a process leaves its group only when it is quite dead
    shutil.rmtree(place, ignore_errors=True)
