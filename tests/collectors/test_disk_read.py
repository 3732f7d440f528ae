"""What the kernel could not read is read again, until it can be."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from collectors.host import Host
from collectors.storage import bad_sectors, disk_read
from wire.judgement import Reason

LINE = "[ 12.5] I/O error, dev {}, sector 64 op 0x0:(READ) flags 0x80700 phys_seg 1 prio class 0"


@pytest.fixture
def disk(tmp_path):
    """A loop device and the file that it stands on."""
    image = tmp_path / "disk.img"
    image.write_bytes(os.urandom(1 << 20))
    if os.geteuid():
        pytest.skip("a block device needs root")
    argv = ["losetup", "--find", "--show", str(image)]
    made = subprocess.run(argv, capture_output=True, text=True, check=False)
    if made.returncode:
        pytest.skip(f"no loop device here: {made.stderr.strip()}")
    yield Path(made.stdout.strip()).name, image
    subprocess.run(["losetup", "--detach", made.stdout.strip()], check=True)


def test_a_sector_that_stays_unreadable_fails_until_it_can_be_read(disk):
    name, image = disk
    host = Host("web1")
    bad_sectors.note(host, LINE.format(name))
    os.truncate(image, 0)
    (judged,) = disk_read.read(host)
    assert (judged.subject, judged.reason, judged.value) == (f"disk:web1/{name}", Reason.ERRORS, 1)
    os.truncate(image, 1 << 20)
    (judged,) = disk_read.read(host)
    assert judged.reason is Reason.OK


def test_nothing_is_read_where_no_line_named_a_sector():
    host = Host("web1")
    bad_sectors.note(host, "ata1.00: error: { UNC }")
    assert list(disk_read.read(host)) == []


def test_a_disk_that_is_gone_is_not_judged():
    host = Host("web1")
    bad_sectors.note(host, LINE.format("sdzz"))
    assert list(disk_read.read(host)) == []


def test_a_dying_disk_fills_no_memory():
    host = Host("web1")
    for sector in range(1000):
        bad_sectors.note(host, f"critical medium error, dev sdb, sector {sector} op 0x0:(READ)")
    assert len(bad_sectors.named(host)["sdb"]) == bad_sectors.SECTORS
