"""What tools and kernel said on the virtual machine of the drills while its hardware was harmed."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.offline.replay import NOWHERE, Replay
from collectors.host import Host
from collectors.logs.log_reading import Reader
from wire.judgement import Reason, Verdict

RECORDED = Path(__file__).with_name("recorded")
GOOD = Verdict.PASS
MOUNTED = "40 1 252:{number} / {place} ext4 rw,relatime - ext4 /dev/mapper/{name} rw,errors=remount-ro\n"


@pytest.fixture(scope="module")
def replay() -> Replay:
    return Replay()


@pytest.mark.parametrize(
    ("drill", "kind", "judged"),
    [
        ("array_member_failed", "mdstat", ("raid.array", "array:vm1/md0", Reason.DEGRADED)),
        ("bond_slave_unplugged", "bonding", ("link.bond", "bond:vm1/bond", Reason.MISSING)),
        ("bmc_temperature", "ipmitool_sel", ("bmc.events.temperature", "chassis:vm1", Reason.ERRORS)),
        ("fan_stopped", "ipmitool_sel", ("bmc.events.fan", "chassis:vm1", Reason.ERRORS)),
        ("fan_stopped", "ipmitool_sdr", ("bmc.fan", "chassis:vm1", Reason.CRITICAL)),
        ("thin_pool_full", "lvm", ("pool.space", "pool:vm1/vg0/pool", Reason.FULL)),
        ("nvme_worn", "nvme_smart_log", ("disk.smart", "disk:vm1/nvme0n1", Reason.ERRORS)),
        ("nvme_worn", "smartctl_json", ("disk.smart", "disk:vm1/nvme0n1", Reason.ERRORS)),
    ],
)
def test_what_was_harmed_is_judged_by_its_name_and_nothing_else(replay, drill, kind, judged):
    _, found = replay.text(kind, (RECORDED / drill / kind).read_bytes(), Host("vm1", NOWHERE))
    wrong = [one for one in found if one.verdict != GOOD]
    assert [(one.signal, one.subject, one.reason) for one in wrong] == [judged]
    assert wrong[0].verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("drill", "kind"),
    [
        *(("healthy", kind) for kind in ("mdstat", "bonding", "lvm", "nvme_smart_log", "smartctl_json")),
        ("array_member_put_back", "mdstat"),
        ("bond_slave_plugged_in", "bonding"),
        ("nvme_well_again", "nvme_smart_log"),
        ("nvme_well_again", "smartctl_json"),
        ("fan_turning", "ipmitool_sel"),
        ("fan_turning", "ipmitool_sdr"),
    ],
)
def test_what_is_whole_or_whole_again_passes(replay, drill, kind):
    _, found = replay.text(kind, (RECORDED / drill / kind).read_bytes(), Host("vm1", NOWHERE))
    assert {one.verdict for one in found} == {GOOD}


@pytest.mark.parametrize(
    ("drill", "said"),
    [
        ("array_member_failed", {("log.raid_degraded", "array:vm1/md0")}),
        ("bond_slave_unplugged", {("log.nic_down", "bond:vm1/bond0")}),
        ("machine_check", {("log.machine_check", "host:vm1"), ("log.memory_corrected", "host:vm1")}),
        ("unit_out_of_memory", {("log.oom_kill", "service:vm1/reports")}),
        ("sectors_unreadable", {("log.medium_error", "disk:vm1/sdd"), ("log.io_error", "disk:vm1/sdd")}),
        (
            "device_errors",
            {
                ("log.io_error", "disk:vm1/dm-5"),
                ("log.fs_error", "fs:vm1:/srv/plain"),
                ("log.fs_read_only", "fs:vm1:/srv/plain"),
            },
        ),
        (
            "thin_pool_full",
            {
                ("log.no_space", "pool:vm1/vg0/pool"),
                ("log.io_error", "disk:vm1/dm-4"),
                ("log.fs_error", "fs:vm1:/srv/thin"),
                ("log.fs_read_only", "fs:vm1:/srv/thin"),
            },
        ),
    ],
)
def test_the_lines_of_the_kernel_name_what_was_harmed(tree, drill, said):
    tree.write("/proc/self/mountinfo", "".join(_mounted()))
    for path, text in (("dev", "252:2"), ("dm/name", "vg0-pool-tpool"), ("dm/uuid", "LVM-kUqd-tpool")):
        tree.write(f"/sys/class/block/dm-2/{path}", f"{text}\n")
    for number, name in ((4, "dm-4"), (5, "dm-5")):
        tree.write(f"/sys/class/block/{name}/dev", f"252:{number}\n")
    host = Host("vm1", str(tree.root), clock=tree.clock, ticks=tree.clock)
    found = Reader(host, "kernel").read((RECORDED / drill / "kmsg").read_bytes())
    assert {(one.signal, one.subject) for one in found} == said


def test_the_line_of_lvms_daemon_names_the_pool_that_fills(tree):
    for path, text in (("dev", "252:2"), ("dm/name", "vg0-pool-tpool"), ("dm/uuid", "LVM-kUqd-tpool")):
        tree.write(f"/sys/class/block/dm-2/{path}", f"{text}\n")
    host = Host("vm1", str(tree.root), clock=tree.clock, ticks=tree.clock)
    found = list(
        Reader(host, "journal").read(b"WARNING: Thin pool vg0-pool-tpool data is now 100.00% full.\n")
    )
    assert [(one.signal, one.subject) for one in found] == [("log.no_space", "pool:vm1/vg0/pool")]


def _mounted() -> list[str]:
    return [
        MOUNTED.format(number=number, place=f"/srv/{name}", name=f"vg0-{name}")
        for number, name in ((4, "thin"), (5, "plain"))
    ]
