"""Disks that the kernel took offline."""

from __future__ import annotations

from collectors.storage import scsi_devices
from wire.judgement import Reason


def test_a_disk_that_was_taken_offline_is_found(tree):
    tree.write("/sys/block/sda/device/state", "running\n")
    tree.write("/sys/block/sdb/device/state", "transport-offline\n")
    tree.write("/sys/block/sda/sda1/partition", "1\n")
    host = tree.host()
    found = {one.subject: one.reason for one in scsi_devices.judge(scsi_devices.gather(host), host)}
    assert found == {"disk:box/sda": Reason.OK, "disk:box/sdb": Reason.STOPPED}


def test_a_machine_without_such_disks_says_nothing(tree):
    assert scsi_devices.gather(tree.host()) is None
