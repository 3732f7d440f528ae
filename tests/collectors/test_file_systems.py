"""Room on file systems: real ones that are filled, and a mount whose server never answers."""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectors.storage import file_systems, fs_deleted_open, fs_largest
from collectors.storage.file_systems import GIB, MIB, Room, _inodes, _look_remotely, _space
from collectors.storage.mount_table import MountPoint
from tests.collectors.conftest import about
from wire.judgement import Reason

SPACE, INODES, MOUNT = "fs.space", "fs.inodes", "fs.mount"


def _room(size: int, free: int, files: int = 0, files_free: int = 0) -> Room:
    return Room(size=size, used=size - free, free=free, files=files, files_free=files_free)


@pytest.mark.parametrize(
    ("room", "reason"),
    [
        (_room(10 * GIB, 5 * GIB), Reason.OK),
        (_room(10 * GIB, 0), Reason.FULL),
        (_room(10 * GIB, 100 * MIB), Reason.FULL),
        (_room(20 * GIB, GIB), Reason.HIGH),
        (_room(100_000 * GIB, 2_000 * GIB), Reason.OK),
        (_room(512 * MIB, 40 * MIB), Reason.OK),
        (_room(512 * MIB, 5 * MIB), Reason.FULL),
    ],
)
def test_full_means_little_left_in_share_and_in_amount(room, reason):
    assert _space(room.used / (room.used + room.free), room) is reason


@pytest.mark.parametrize(
    ("files", "free", "reason"),
    [
        (1000, 500, Reason.OK),
        (1000, 0, Reason.EXHAUSTED),
        (10**6, 50_000, Reason.HIGH),
        (10**9, 10**7, Reason.OK),
    ],
)
def test_inodes_are_exhausted_when_hardly_one_is_left(files, free, reason):
    assert _inodes(1 - free / files, _room(GIB, GIB, files, free)) is reason


@pytest.mark.root
def test_a_filled_file_system_is_full(host, mounted):
    point = mounted("data", "-t", "tmpfs", "-o", "size=1m", "none")
    assert about(file_systems.read(host), SPACE, point).reason is Reason.OK
    with contextlib.suppress(OSError), Path(point, "big").open("wb") as big:
        big.write(b"x" * 2 * MIB)
    assert about(file_systems.read(host), SPACE, point).reason is Reason.FULL


@pytest.mark.root
def test_a_file_system_without_inodes_left_has_room_but_no_inodes(host, mounted):
    point = mounted("data", "-t", "tmpfs", "-o", "size=1m,nr_inodes=20", "none")
    with contextlib.suppress(OSError):
        for number in range(30):
            Path(point, str(number)).touch()
    judgements = list(file_systems.read(host))
    assert about(judgements, INODES, point).reason is Reason.EXHAUSTED
    assert about(judgements, SPACE, point).reason is Reason.OK


@pytest.mark.root
def test_a_read_only_mount_needs_no_room(host, mounted):
    point = mounted("data", "-t", "tmpfs", "-o", "size=1m,ro", "none")
    assert not [one for one in file_systems.read(host) if one.subject.endswith(point)]


@pytest.mark.root
def test_a_bind_mount_is_the_same_file_system(host, mounted):
    first = mounted("data", "-t", "tmpfs", "-o", "size=1m", "none")
    second = mounted("again", "--bind", first)
    subjects = [one.subject for one in file_systems.read(host)]
    assert f"fs:box:{first}" in subjects
    assert f"fs:box:{second}" not in subjects


@pytest.fixture
def silent(tmp_path: Path) -> Iterator[str]:
    """A FUSE mount whose server never answers."""
    if os.geteuid() != 0 or not Path("/dev/fuse").exists():
        pytest.skip("needs root and FUSE")
    point = tmp_path / "silent"
    point.mkdir()
    library = ctypes.CDLL(None, use_errno=True)
    server = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={server},rootmode=40000,user_id=0,group_id=0".encode()
    if library.mount(b"nobody", str(point).encode(), b"fuse.silent", 0, options):
        os.close(server)
        pytest.skip("this kernel does not mount FUSE")
    try:
        yield str(point)
    finally:
        os.close(server)
        library.umount2(str(point).encode(), 2)


@pytest.mark.root
def test_a_mount_whose_server_does_not_answer_hangs_and_is_named(host, silent):
    assert about(file_systems.read(host), MOUNT, silent).reason is Reason.HUNG


@pytest.mark.parametrize(("slow", "reason"), [(1000.0, Reason.OK), (0.0, Reason.HUNG)])
def test_a_look_that_is_late_where_nothing_has_time_is_taken_again(host, tmp_path, monkeypatch, slow, reason):
    none: frozenset[str] = frozenset()
    one = MountPoint(str(tmp_path), "nfs", "filer:/x", "0:1", "/", none, none)
    monkeypatch.setattr(file_systems, "HANG_SECONDS", 0.0)
    monkeypatch.setattr(file_systems, "SLOW_MACHINE", slow)
    assert about(_look_remotely(host, one), MOUNT, str(tmp_path)).reason is reason


@pytest.mark.root
def test_a_hung_mount_does_not_keep_the_others_from_being_judged(host, silent):
    assert about(file_systems.read(host), SPACE, "box:/").reason in set(Reason)


@pytest.mark.root
def test_the_largest_files_of_a_full_file_system_are_named(host, mounted):
    point = mounted("data", "-t", "tmpfs", "-o", "size=4m", "none")
    Path(point, "logs").mkdir()
    Path(point, "logs", "huge.log").write_bytes(b"x" * 3_700_000)
    Path(point, "small").write_bytes(b"x" * 100_000)
    facts = about(fs_largest.read(host), "fs.largest", point).evidence
    assert str(facts["file_1"]).endswith("logs/huge.log")
    assert str(facts["folder_1"]).endswith("/logs")


@pytest.mark.root
def test_a_deleted_file_that_is_still_open_is_found_with_its_holder(host, mounted):
    point = mounted("data", "-t", "tmpfs", "-o", "size=4m", "none")
    path = Path(point, "gone.log")
    with path.open("wb") as held:
        held.write(b"x" * MIB)
        held.flush()
        path.unlink()
        verdict = about(fs_deleted_open.read(host), "fs.deleted_open", point)
    assert verdict.reason is Reason.HIGH
    assert f"({os.getpid()})" in str(verdict.evidence["file_1"])
