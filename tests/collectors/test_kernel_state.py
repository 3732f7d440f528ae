"""Steal, throttling, growth, slab, taint, pending reboots, entropy and inotify of machines that are known."""

from __future__ import annotations

import ctypes
import os
from collections import deque

import pytest

from agent.looks.run import CONFIRM_AFTER
from collectors.host import Host
from collectors.system import (
    cpu_steal,
    cpu_throttling,
    entropy,
    huge_pages,
    inotify,
    kernel_taint,
    memory_growth,
    pending_reboot,
    slab,
)
from collectors.system.memory_growth import LONG, SHORT, TABLE_SECONDS, Memory, growth
from tests.collectors.conftest import about
from wire.judgement import Reason

MIB, GIB = 2**20, 2**30


@pytest.mark.parametrize(("share", "reason"), [(0, Reason.OK), (15, Reason.HIGH), (40, Reason.SATURATED)])
def test_time_that_the_hypervisor_takes_is_judged_when_it_lasts(tree, share, reason):
    host = tree.host()
    for look in range(6):
        tree.write("/proc/stat", f"cpu {10 * look} 0 0 {(90 - share) * look} 0 0 0 {share * look} 0 0\n")
        judgements = list(cpu_steal.read(host))
        tree.clock.pass_by(15)
    assert about(judgements, "cpu.steal").reason is reason


@pytest.mark.parametrize(("throttled", "reason"), [(1, Reason.OK), (3, Reason.HIGH), (9, Reason.SATURATED)])
def test_a_service_that_its_quota_holds_back_is_named(tree, throttled, reason):
    host = tree.host()
    folder = "/sys/fs/cgroup/system.slice/my\\x2dapp.service"
    for look in range(5):
        tree.write(
            f"{folder}/cpu.stat", f"usage_usec 5\nnr_periods {10 * look}\nnr_throttled {throttled * look}\n"
        )
        judgements = list(cpu_throttling.read(host))
        tree.clock.pass_by(15)
    found = {one.subject: one.reason for one in judgements}
    assert found == ({} if reason is Reason.OK else {"service:box/my-app": reason})


@pytest.mark.parametrize(("quota", "reason"), [(200_000, Reason.OK), (50_000, Reason.SATURATED)])
def test_the_machine_is_held_back_only_by_a_quota_below_its_size(tree, quota, reason):
    folder = "/sys/fs/cgroup/cpu/box"
    host = tree.host(cgroup_cpu=folder)
    tree.write(f"{folder}/cpu.cfs_quota_us", "200000\n")
    for look in range(6):
        tree.write(f"{folder}/cpu.stat", f"nr_periods {10 * look}\nnr_throttled {8 * look}\n")
        judgements = list(cpu_throttling.read(host))
        tree.write(f"{folder}/cpu.cfs_quota_us", f"{quota}\n")
        tree.clock.pass_by(15)
    assert about(judgements, "cpu.throttled", "host:box").reason is reason


def samples(*sizes: float) -> deque[tuple[float, int]]:
    return deque(((10.0 * at, int(size)) for at, size in enumerate(sizes)), maxlen=LONG)


@pytest.mark.parametrize(
    ("sizes", "free", "reason"),
    [
        ([at * 50 * MIB for at in range(SHORT)], 1 * GIB, Reason.EXHAUSTED),
        ([at * 50 * MIB for at in range(SHORT)], 8 * GIB, Reason.OK),
        ([min(at, 3) * 50 * MIB for at in range(SHORT)], 1 * GIB, Reason.OK),
        ([GIB + at * 2 * MIB for at in range(LONG)], 8 * GIB, Reason.HIGH),
        ([GIB + (at % 20) * 20 * MIB for at in range(LONG)], 8 * GIB, Reason.OK),
        ([min(GIB, at * 20 * MIB) for at in range(LONG)], 8 * GIB, Reason.OK),
    ],
    ids=[
        "fast and little left",
        "fast and much left",
        "levels off",
        "slow and steady",
        "saw",
        "fills its cache",
    ],
)
def test_growth_is_a_leak_when_it_is_steady_and_will_not_fit(sizes, free, reason):
    assert growth(samples(*sizes), Memory(free=free, total=16 * GIB))[0] is reason


def test_the_size_of_real_processes_is_known():
    host = Host("box")
    list(memory_growth.read(host))
    largest = max(size for one in host.memory["seen"].values() for _, size in one)
    assert largest > 10 * MIB


def test_a_second_look_at_a_leak_is_no_sample_of_its_own():
    now = [1000.0]
    host = Host("box", ticks=lambda: now[0])
    for pause in (CONFIRM_AFTER, TABLE_SECONDS + CONFIRM_AFTER):
        list(memory_growth.read(host))
        now[0] += pause
    list(memory_growth.read(host))
    assert {len(one) for one in host.memory["seen"].values()} <= {1, 2}
    assert 2 in {len(one) for one in host.memory["seen"].values()}


@pytest.mark.parametrize(("kept_mib", "reason"), [(100, Reason.OK), (3000, Reason.HIGH)])
def test_memory_that_the_kernel_cannot_give_back_is_judged(tree, kept_mib, reason):
    tree.write("/proc/meminfo", f"MemTotal: {8 * 2**20} kB\nSUnreclaim: {kept_mib * 1024} kB\n")
    tree.write(
        "/proc/slabinfo",
        "slabinfo - version: 2.1\n# name <active_objs>\nkmalloc-64 9 10 64 64 1 : tunables 0 0 0\n"
        "nfs_inode 900 1000000 1088 30 8 : tunables 0 0 0 : slabdata 1 1 0\n",
    )
    judgement = about(slab.read(tree.host()), "mem.slab")
    assert judgement.reason is reason
    assert judgement.evidence.get("largest") == (None if reason is Reason.OK else "nfs_inode")


@pytest.mark.parametrize(("mib_a_look", "reason"), [(0, Reason.OK), (8, Reason.HIGH)])
def test_memory_that_the_kernel_takes_more_of_at_each_look_is_told_before_it_is_much(
    tree, mib_a_look, reason
):
    host = tree.host()
    for look in range(LONG):
        kept, left = 64 + look * mib_a_look, 6000 - look * mib_a_look
        tree.write(
            "/proc/meminfo",
            f"MemTotal: {8 * 2**20} kB\nMemAvailable: {left * 1024} kB\nSUnreclaim: {kept * 1024} kB\n",
        )
        judgement = about(slab.read(host), "mem.slab")
        assert look == LONG - 1 or judgement.reason is Reason.OK
        tree.clock.pass_by(60)
    assert judgement.reason is reason
    assert judgement.evidence.get("mib_per_minute") == (8 if mib_a_look else None)


@pytest.mark.parametrize(
    ("free", "promised", "left_mib", "reason"),
    [
        (1024, 0, 500, Reason.HIGH),
        (1024, 1024, 500, Reason.OK),  # somebody will use them
        (1024, 0, 4000, Reason.OK),  # nobody lacks them
        (64, 0, 500, Reason.OK),
    ],
)
def test_huge_pages_that_lie_idle_while_memory_is_short_are_told(tree, free, promised, left_mib, reason):
    tree.write("/proc/meminfo", f"MemTotal: {8 * 2**20} kB\nMemAvailable: {left_mib * 1024} kB\n")
    for size, count, wanted in (("2048kB", free, promised), ("1048576kB", 0, 0)):
        folder = f"/sys/kernel/mm/hugepages/hugepages-{size}"
        tree.write(f"{folder}/free_hugepages", f"{count}\n")
        tree.write(f"{folder}/resv_hugepages", f"{wanted}\n")
    judgement = about(huge_pages.read(tree.host()), "mem.hugepages")
    assert (judgement.reason, judgement.evidence["idle_mib"]) == (reason, 2 * (free - promised))


@pytest.mark.parametrize(
    ("flags", "reason", "letters"),
    [
        (0, Reason.OK, ""),
        (1 | 1 << 12, Reason.OK, "PO"),
        (1 << 9, Reason.HIGH, "W"),
        (1 << 7, Reason.ERRORS, "D"),
        (1 << 14, Reason.HUNG, "L"),
        (1 << 7 | 1 << 14, Reason.ERRORS, "DL"),
    ],
)
def test_taint_tells_trouble_from_foreign_modules(tree, flags, reason, letters):
    tree.write("/proc/sys/kernel/tainted", f"{flags}\n")
    judgement = about(kernel_taint.read(tree.host()), "kernel.taint")
    assert (judgement.reason, judgement.evidence["flags"]) == (reason, letters)


def test_a_package_that_asks_for_a_reboot_is_named(tree):
    tree.write("/proc/sys/kernel/osrelease", "6.1.0-18-amd64\n")
    assert about(pending_reboot.read(tree.host()), "host.reboot_pending").reason is Reason.OK
    tree.write("/run/reboot-required", "*** System restart required ***\n")
    tree.write("/run/reboot-required.pkgs", "linux-image-6.1.0-20-amd64\nlinux-base\n")
    judgement = about(pending_reboot.read(tree.host()), "host.reboot_pending")
    assert (judgement.reason, judgement.value) == (Reason.HIGH, 2)


def test_a_kernel_whose_modules_an_update_took_away_waits_for_a_reboot(tree):
    tree.write("/proc/sys/kernel/osrelease", "5.14.0-70.el9.x86_64\n")
    tree.write("/lib/modules/5.14.0-362.el9.x86_64/modules.dep", "")
    assert about(pending_reboot.read(tree.host()), "host.reboot_pending").reason is Reason.HIGH


@pytest.mark.parametrize(("bits", "reason"), [(256, Reason.OK), (40, Reason.EXHAUSTED)])
def test_a_pool_that_stays_dry_is_seen(tree, bits, reason):
    tree.write("/proc/sys/kernel/random/entropy_avail", f"{bits}\n")
    host = tree.host()
    for _ in range(3):
        judgement = about(entropy.read(host), "host.entropy")
    assert judgement.reason is reason


def test_watches_of_this_process_are_counted(host):
    before = about(inotify.read(host), "host.inotify")
    library = ctypes.CDLL(None, use_errno=True)
    descriptor = library.inotify_init1(0)
    for folder in (b"/", b"/tmp", b"/etc"):
        assert library.inotify_add_watch(descriptor, folder, 0x100) > 0
    used: dict = {"watches": {os.getuid(): 0}, "instances": {os.getuid(): 0}}
    inotify._count(Host("box"), os.getpid(), used)
    os.close(descriptor)
    assert used["watches"][os.getuid()] >= 3
    assert before.reason in {Reason.OK, Reason.HIGH}
