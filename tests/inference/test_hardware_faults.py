"""What disks, arrays, memory and sensors tell names the part at fault."""

from __future__ import annotations

import pytest

from rules.models import Relation
from wire.judgement import Reason

DISK, ARRAY, POOL, MODULE, CHASSIS = (
    "disk:app1/sda",
    "array:app1/md0",
    "pool:app1/vg0/thin",
    "dimm:app1/A1",
    "chassis:app1",
)
GPU = "gpu:app1/0000:3b:00"
SHOWN = [
    ("disk.smart", DISK, Reason.ERRORS, "storage.disk.smart_failing"),
    ("disk.smart", DISK, Reason.EXHAUSTED, "storage.disk.smart_failing"),
    ("raid.disk", DISK, Reason.ERRORS, "storage.disk.smart_failing"),
    ("raid.array", ARRAY, Reason.DEGRADED, "storage.raid.degraded"),
    ("raid.array", ARRAY, Reason.STOPPED, "storage.raid.degraded"),
    ("zfs.pool", "pool:app1/tank", Reason.DEGRADED, "storage.raid.degraded"),
    ("lvm.group", "pool:app1/vg0", Reason.MISSING, "storage.raid.degraded"),
    ("pool.space", POOL, Reason.FULL, "storage.thin.full"),
    ("disk.controller", "disk:app1/nvme0n1", Reason.STOPPED, "hw.nvme.timeout"),
    ("disk.temperature", DISK, Reason.CRITICAL, "hw.temperature.critical"),
    ("gpu.temperature", GPU, Reason.CRITICAL, "hw.temperature.critical"),
    ("hw.memory.uncorrected", MODULE, Reason.ERRORS, "hw.memory.uncorrected"),
    ("hw.memory.corrected", MODULE, Reason.ERRORS, "hw.memory.corrected"),
    ("hw.temperature", CHASSIS, Reason.CRITICAL, "hw.temperature.critical"),
    ("bmc.temperature", CHASSIS, Reason.CRITICAL, "hw.temperature.critical"),
    ("hw.fan", CHASSIS, Reason.STOPPED, "hw.fan.failed"),
    ("bmc.fan", CHASSIS, Reason.STOPPED, "hw.fan.failed"),
    ("bmc.power", CHASSIS, Reason.STOPPED, "hw.psu.lost"),
    ("bmc.events.temperature", CHASSIS, Reason.ERRORS, "hw.temperature.critical"),
    ("bmc.events.fan", CHASSIS, Reason.ERRORS, "hw.fan.failed"),
    ("bmc.events.power", CHASSIS, Reason.ERRORS, "hw.psu.lost"),
    ("disk.paths", "disk:app1/dm-2", Reason.DEGRADED, "storage.path.lost"),
    ("disk.session", "disk:app1/iqn.a", Reason.STOPPED, "storage.path.lost"),
    ("raid.controller", "slot:app1/c0", Reason.DEGRADED, "storage.controller.degraded"),
    ("gluster.peers", "pool:app1/gluster", Reason.DEGRADED, "storage.cluster.degraded"),
    ("ceph.health", "pool:app1/ceph", Reason.ERRORS, "storage.cluster.degraded"),
    ("gpu.state", GPU, Reason.MISSING, "hw.gpu.fallen_off"),
    ("gpu.link", GPU, Reason.DEGRADED, "hw.gpu.nvlink"),
    ("gpu.memory", GPU, Reason.ERRORS, "hw.gpu.xid"),
    ("hw.pcie", "slot:app1/0000:01:00.0", Reason.ERRORS, "hw.pcie.aer"),
    ("fs.mount", "mount:app1:/srv", Reason.MISSING, "storage.mount.missing"),
    ("fs.mount", "mount:app1:/srv", Reason.HUNG, "storage.mount.hung"),
    ("log.fs_error", "fs:app1:/srv", Reason.MATCHED, "storage.fs.corrupt"),
]


@pytest.fixture
def site(world):
    world.service("app1/app", stored="fs:app1:/srv")
    world.edge("fs:app1:/srv", Relation.BACKED_BY, DISK)
    for part in (DISK, ARRAY, POOL, MODULE, CHASSIS, "disk:app1/nvme0n1"):
        world.edge(part, Relation.RUNS_ON, "host:app1")
    world.alive()
    return world


@pytest.mark.parametrize(("signal", "subject", "reason", "fault"), SHOWN)
def test_a_lone_symptom_names_the_part(site, signal, subject, reason, fault):
    site.local("fs.read_only", "fs:app1:/srv", Reason.OK, at=8.0)
    site.local(signal, subject, reason)
    [found] = site.infer()
    assert (found.root.fault, found.root.entity) == (fault, subject)


@pytest.mark.parametrize(
    ("signal", "subject"),
    [("disk.smart", DISK), ("pool.space", POOL), ("bmc.events", CHASSIS), ("disk.temperature", DISK)],
)
def test_a_warning_alone_is_no_fault(site, signal, subject):
    site.local(signal, subject, Reason.HIGH)
    assert site.infer() == []


def roots(site) -> list[tuple[str, str]]:
    return [(one.root.fault, one.root.entity) for one in site.infer()]


def test_the_log_and_the_counters_of_one_disk_are_one_root(site):
    site.local("log.smart_failing", DISK, Reason.MATCHED)
    site.local("disk.smart", DISK, Reason.HIGH)
    assert roots(site) == [("storage.disk.smart_failing", DISK)]


def test_unreadable_sectors_with_their_counters_are_one_root(site):
    site.local("log.medium_error", DISK, Reason.MATCHED)
    site.local("disk.read", DISK, Reason.ERRORS)
    site.local("disk.smart", DISK, Reason.ERRORS)
    assert roots(site) == [("storage.disk.medium_error", DISK)]


def test_a_fan_that_stands_still_and_the_heat_it_leaves_are_one_root(site):
    site.local("bmc.fan", CHASSIS, Reason.STOPPED)
    site.local("bmc.events.fan", CHASSIS, Reason.ERRORS)
    site.local("log.fan_failure", CHASSIS, Reason.MATCHED)
    assert roots(site) == [("hw.fan.failed", CHASSIS)]


def test_a_dead_nvme_disk_with_its_log_is_one_root(site):
    disk = "disk:app1/nvme0n1"
    site.local("disk.controller", disk, Reason.STOPPED)
    site.local("log.nvme_error", disk, Reason.MATCHED)
    site.local("log.io_error", disk, Reason.MATCHED)
    assert roots(site) == [("hw.nvme.timeout", disk)]


def test_a_lost_supply_beside_a_failing_disk_are_two_roots(site):
    site.local("bmc.power", CHASSIS, Reason.STOPPED)
    site.local("disk.smart", DISK, Reason.ERRORS)
    assert sorted(roots(site)) == [("hw.psu.lost", CHASSIS), ("storage.disk.smart_failing", DISK)]
