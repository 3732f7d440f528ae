"""Mounts that are missing or turned read-only, by hand and by the kernel."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import pytest

from collectors.host import Host
from collectors.storage import mounts
from collectors.storage.mount_table import mounts as mount_table
from tests.collectors.conftest import about
from tests.waiting import soon
from wire.judgement import Reason, Verdict

READ_ONLY, MOUNT = "fs.read_only", "fs.mount"
ROOT = "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro\n"


def test_a_mount_of_fstab_that_is_not_there_is_missing(tree):
    tree.write("/proc/self/mountinfo", ROOT)
    tree.write("/etc/fstab", "/dev/sda1 / ext4 defaults 0 1\n/dev/sdb1 /data xfs defaults 0 2\n# none\n")
    judgements = list(mounts.read(tree.host()))
    assert about(judgements, MOUNT, ":/data").reason is Reason.MISSING
    assert about(judgements, MOUNT, "box:/").reason is Reason.OK


@pytest.mark.parametrize(
    ("wanted", "there", "reason"),
    [
        ("xfs", "tmpfs", Reason.MISSING),
        ("xfs", "ext4", Reason.MISSING),
        ("xfs", "xfs", Reason.OK),
        ("auto", "ext4", Reason.OK),
        ("ntfs", "fuseblk", Reason.OK),
    ],
)
def test_a_mount_of_fstab_over_which_another_lies_is_missing(tree, wanted, there, reason):
    below = "30 22 8:17 / /data rw - xfs /dev/sdb1 rw\n"
    tree.write("/proc/self/mountinfo", f"{ROOT}{below}31 30 0:44 / /data rw - {there} other rw\n")
    tree.write("/etc/fstab", f"/dev/sdb1 /data {wanted} defaults 0 2\n")
    judged = about(list(mounts.read(tree.host())), MOUNT, ":/data")
    assert (judged.reason, judged.evidence.get("instead")) == (
        reason,
        there if reason is not Reason.OK else None,
    )


@pytest.mark.parametrize("line", ["/dev/sdb1 /data xfs noauto 0 2", "/dev/sdb2 none swap sw 0 0", "nonsense"])
def test_what_fstab_does_not_mount_at_boot_is_not_missed(tree, line):
    tree.write("/proc/self/mountinfo", ROOT)
    tree.write("/etc/fstab", f"{line}\n")
    assert not [one for one in mounts.read(tree.host()) if one.signal == MOUNT]


def test_the_kernel_makes_the_file_system_read_only_and_leaves_the_mount_as_it_was(tree):
    tree.write("/proc/self/mountinfo", ROOT)
    host = tree.host()
    list(mounts.read(host))
    tree.write("/proc/self/mountinfo", ROOT.replace("rw,errors", "ro,errors"))
    assert about(mounts.read(host), READ_ONLY, "box:/").reason is Reason.ERRORS


def test_newer_kernels_say_emergency_ro(tree):
    tree.write("/proc/self/mountinfo", ROOT)
    host = tree.host()
    list(mounts.read(host))
    tree.write("/proc/self/mountinfo", ROOT.replace("rw,errors", "rw,emergency_ro,errors"))
    assert about(mounts.read(host), READ_ONLY, "box:/").reason is Reason.ERRORS


MAPPED = "30 22 252:5 / /srv/plain rw,relatime shared:9 - ext4 /dev/mapper/vg0-plain rw,errors=remount-ro\n"
"""Recorded on Debian's 6.1.192, after the kernel said: EXT4-fs (dm-5): Remounting filesystem read-only."""


def counted(tree, errors):
    tree.write("/proc/self/mountinfo", ROOT + MAPPED)
    tree.write("/sys/devices/virtual/block/dm-5/dev", "252:5\n")
    link = tree.root / "sys/dev/block/252:5"
    link.parent.mkdir(parents=True)
    link.symlink_to("../../devices/virtual/block/dm-5")
    tree.write("/sys/fs/ext4/dm-5/errors_count", f"{errors}\n")
    return list(mounts.read(tree.host()))


def test_errors_of_a_mapped_device_are_counted_under_its_number(tree):
    assert about(counted(tree, 2), "fs.errors", ":/srv/plain").value == 2


def test_a_table_that_still_says_writable_after_errors_proves_nothing(tree):
    assert about(counted(tree, 2), READ_ONLY, ":/srv/plain").verdict is Verdict.UNKNOWN


def test_a_mapped_device_without_errors_is_writable(tree):
    assert about(counted(tree, 0), READ_ONLY, ":/srv/plain").reason is Reason.OK


def test_a_mount_that_was_always_read_only_is_meant_so(tree):
    tree.write("/proc/self/mountinfo", ROOT.replace("rw,", "ro,"))
    assert not [one for one in mounts.read(tree.host()) if one.signal == READ_ONLY]


def test_a_mount_that_fstab_wants_writable_and_is_not_is_read_only(tree):
    tree.write("/proc/self/mountinfo", ROOT.replace("rw,", "ro,"))
    tree.write("/etc/fstab", "/dev/sda1 / ext4 errors=remount-ro 0 1\n")
    assert about(mounts.read(tree.host()), READ_ONLY, "box:/").reason is Reason.READ_ONLY


def test_a_point_with_spaces_is_read_as_it_is(tree):
    tree.write("/proc/self/mountinfo", "30 22 8:2 / /my\\040data rw - ext4 /dev/sda2 rw\nbroken line\n")
    assert [one.point for one in mount_table(tree.host())] == ["/my data"]


@pytest.mark.root
def test_a_remount_by_hand_is_told_at_once_and_its_repair_too(mounted):
    point = mounted("data", "-t", "tmpfs", "-o", "size=1m", "none")

    async def reasons() -> list[Reason]:
        found: list[Reason] = []
        steps = iter(["remount,ro", "remount,rw"])
        async with asyncio.timeout(100):
            async for judgement in mounts.follow(Host("box")):
                if judgement.subject.endswith(point):
                    found.append(judgement.reason)
                    step = next(steps, "")
                    if not step:
                        return found
                    await asyncio.to_thread(subprocess.run, ["mount", "-o", step, point], check=True)
        return found

    assert asyncio.run(reasons())[:2] == [Reason.OK, Reason.READ_ONLY]


@pytest.fixture
def ext4(tmp_path: Path, mounted: object) -> str:
    """A real ext4 that turns read-only on errors."""
    image = tmp_path / "image"
    image.touch()
    with image.open("r+b") as file:
        file.truncate(8 * 1024 * 1024)
    if subprocess.run(["/usr/sbin/mkfs.ext4", "-q", str(image)], check=False, capture_output=True).returncode:
        pytest.skip("mkfs.ext4 is not installed")
    return str(mounted("data", "-o", "loop,errors=remount-ro", str(image)))  # type: ignore[operator]


@pytest.mark.root
def test_an_error_of_a_real_ext4_is_told_from_a_remount_by_hand(host, ext4):
    assert about(mounts.read(host), READ_ONLY, ext4).reason is Reason.OK
    (one,) = [one for one in mount_table(host) if one.point == ext4]
    trigger = Path("/sys/fs/ext4") / Path(one.source).name / "trigger_fs_error"
    if not trigger.exists():
        pytest.skip("this kernel cannot be asked for an error")
    trigger.write_text("rootward test")
    assert soon(
        lambda: about(mounts.read(host), READ_ONLY, ext4).value == 1
    )  # the kernel counts it a bit later
    assert about(mounts.read(host), READ_ONLY, ext4).reason is Reason.ERRORS
    assert about(mounts.read(host), "fs.errors", ext4).reason is Reason.ERRORS
