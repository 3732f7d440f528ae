"""CPU, memory, pressure, swap and disks of a machine whose figures are known."""

from __future__ import annotations

import pytest

from agent.looks.run import CONFIRM_AFTER
from collectors.rates import Rates
from collectors.storage import disks
from collectors.system import cpu, memory, pressure, swap
from tests.collectors.conftest import about
from wire.judgement import Reason, Verdict

STALL = "some avg10={some} avg60=0.00 avg300=0.00 total=1\nfull avg10={full} avg60=0.00 avg300=0.00 total=1\n"
RISING = "some avg10=0.00 avg60=0.00 total={some}\nfull avg10=0.00 avg60=0.00 total={full}\n"


def _press(tree, folder: str = "/proc/pressure", **waiting: tuple[float, float]) -> None:
    """Percent of the last ten seconds, which counts at the first look."""
    for resource, (some, full) in waiting.items():
        tree.write(_file(folder, resource), STALL.format(some=some, full=full))


def _wait(tree, share: float, folder: str = "/proc/pressure") -> None:
    """Until now, everybody waited for this share of the time."""
    total = int(tree.clock() * share * 1e6)
    for resource in ("cpu", "memory", "io"):
        tree.write(_file(folder, resource), RISING.format(some=total, full=total))


def _file(folder: str, resource: str) -> str:
    return f"{folder}/{resource}" if folder.startswith("/proc") else f"{folder}/{resource}.pressure"


def _run_cpu(tree, busy: float, waiting: float | None, looks: int = 7, niced: float = 0.0):
    """``busy``: share of the time, of two CPUs."""
    host = tree.host()
    verdicts = []
    for look in range(looks + 1):
        ticks = look * 1000
        used, nice, idle = int(ticks * (busy - niced)), int(ticks * niced), int(ticks * (1 - busy))
        tree.write("/proc/stat", f"cpu  {used} {nice} 0 {idle} 0 0 0 0\ncpu0 1\ncpu1 1\n")
        if waiting is not None:
            _wait(tree, waiting)
        tree.write("/proc/900/stat", f"900 (miner) R 1 9 9 0 -1 0 0 0 0 0 {ticks} 0 0 0 20 0 1 0 5 0 0\n")
        verdicts = list(cpu.read(host))
        tree.clock.pass_by(5)
    return about(verdicts, "cpu.usage")


def test_a_full_machine_on_which_work_waits_is_saturated(tree):
    verdict = _run_cpu(tree, 1.0, 0.95)
    assert (verdict.reason, verdict.evidence["busiest"]) == (Reason.SATURATED, "miner")


def test_a_busy_machine_on_which_nothing_waits_is_healthy(tree):
    assert _run_cpu(tree, 1.0, 0.2).reason is Reason.OK


def test_a_burst_is_no_saturation(tree):
    assert _run_cpu(tree, 1.0, 0.95, looks=3).reason is Reason.OK


def test_what_niced_programs_use_is_free(tree):
    assert _run_cpu(tree, 1.0, 0.7, niced=0.6).reason is Reason.OK


def test_work_that_waits_for_processors_that_others_use_is_high(tree):
    assert _run_cpu(tree, 0.4, 0.95).reason is Reason.HIGH


def test_without_pressure_information_the_run_queue_decides(tree):
    assert _run_cpu(tree, 1.0, None).reason is Reason.OK


def test_a_group_is_judged_by_its_own_quota(tree):
    folder = "/sys/fs/cgroup/box"
    tree.write(f"{folder}/cpu.max", "50000 100000\n")
    tree.write("/proc/stat", "cpu  0 0 0 100 0 0 0 0\ncpu0 1\ncpu1 1\n")
    host = tree.host(cgroup_cpu=folder)
    for look in range(8):
        used = look * 2_500_000
        tree.write(
            f"{folder}/cpu.stat", f"usage_usec {used}\nnr_periods {look * 50}\nnr_throttled {look * 48}\n"
        )
        _wait(tree, 0.95, folder)
        verdicts = list(cpu.read(host))
        tree.clock.pass_by(5)
    verdict = about(verdicts, "cpu.usage")
    assert (verdict.reason, verdict.value, verdict.evidence["throttled"]) == (Reason.SATURATED, 1.0, 0.96)


@pytest.mark.parametrize(
    ("total", "available", "reason"),
    [
        (8_000_000, 4_000_000, Reason.OK),
        (8_000_000, 500_000, Reason.HIGH),
        (8_000_000, 100_000, Reason.EXHAUSTED),
        (1_000_000_000, 20_000_000, Reason.OK),
    ],
)
def test_memory_is_judged_by_what_is_available_in_share_and_amount(tree, total, available, reason):
    tree.write("/proc/meminfo", f"MemTotal: {total} kB\nMemFree: 1 kB\nMemAvailable: {available} kB\n")
    assert about(memory.read(tree.host()), "mem.available").reason is reason


@pytest.mark.parametrize(
    ("limit", "used", "stat"),
    [
        ("memory.max", "memory.current", "inactive_file"),
        ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ],
)
def test_a_group_near_its_limit_has_only_its_cache_left(tree, limit, used, stat):
    tree.write("/box/" + limit, "100000000\n")
    tree.write("/box/" + used, "99000000\n")
    tree.write("/box/memory.stat", f"{stat} 1000000\n")
    verdict = about(memory.read(tree.host(cgroup_memory="/box")), "mem.available")
    assert (verdict.reason, verdict.value) == (Reason.EXHAUSTED, 0.02)


def test_a_container_of_cgroup_version_1_finds_its_own_limit(tree):
    tree.write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "100000000\n")
    tree.write("/sys/fs/cgroup/memory/memory.usage_in_bytes", "60000000\n")
    tree.write("/sys/fs/cgroup/memory/memory.stat", "inactive_file 1\ntotal_inactive_file 10000000\n")
    assert about(memory.read(tree.host()), "mem.available").value == 0.5


def test_a_group_without_limit_has_the_memory_of_the_machine(tree):
    tree.write("/box/memory.max", "max\n")
    tree.write("/box/memory.current", "1\n")
    tree.write("/proc/meminfo", "MemTotal: 100 kB\nMemAvailable: 50 kB\n")
    assert about(memory.read(tree.host(cgroup_memory="/box")), "mem.available").value == 0.5


def _pressure_after(tree, share: float, looks: int, **options: str) -> dict[str, Reason]:
    host = tree.host(**options)
    verdicts = []
    for _ in range(looks):
        _wait(tree, share)
        verdicts = list(pressure.read(host))
        tree.clock.pass_by(5)
    return {one.signal: one.reason for one in verdicts}


@pytest.mark.parametrize(
    ("looks", "saturated"),
    [(2, set()), (4, {"mem.pressure"}), (6, {"cpu.pressure", "mem.pressure"})],
)
def test_each_resource_must_be_waited_for_during_a_time_of_its_own(tree, looks, saturated):
    reasons = _pressure_after(tree, 0.9, looks)
    assert {signal for signal, reason in reasons.items() if reason is Reason.SATURATED} == saturated


def test_waiting_now_and_then_is_no_fault(tree):
    assert set(_pressure_after(tree, 0.05, 15).values()) == {Reason.OK}


def test_what_a_person_compiles_does_not_count_where_services_have_their_own_pressure(tree):
    _press(tree, "/sys/fs/cgroup/system.slice", cpu=(1.0, 0.0))
    assert _pressure_after(tree, 0.95, 10)["cpu.pressure"] is Reason.OK


def test_pressure_of_a_group_is_read_where_an_option_says(tree):
    _press(tree, cpu=(99.0, 0.0), memory=(0.0, 0.0), io=(0.0, 0.0))
    _press(tree, "/box", cpu=(1.0, 0.0), memory=(0.0, 0.0), io=(0.0, 0.0))
    verdicts = list(pressure.read(tree.host(cgroup_pressure="/box")))
    assert about(verdicts, "cpu.pressure").value == 1.0


def test_a_kernel_without_pressure_information_is_unknown_and_not_well(tree):
    assert {one.verdict for one in pressure.read(tree.host())} == {Verdict.UNKNOWN}


@pytest.mark.parametrize(
    ("swapped_in", "swapped_out", "reason"),
    [(0, 0, Reason.OK), (0, 500_000, Reason.OK), (60_000, 60_000, Reason.SATURATED)],
)
def test_swapping_both_ways_all_the_time_is_thrashing_and_filling_once_is_not(
    tree, swapped_in, swapped_out, reason
):
    host = tree.host()
    tree.write("/proc/vmstat", "pswpin 0\npswpout 0\n")
    list(swap.read(host))
    tree.clock.pass_by(15)
    tree.write("/proc/vmstat", f"pswpin {swapped_in}\npswpout {swapped_out}\n")
    assert about(swap.read(host), "mem.swap").reason is reason


def _disk(tree, done: int, milliseconds: int, under_way: int, *, name: str = "sda", busy: int = 0) -> None:
    tree.write("/proc/self/mountinfo", "")
    tree.write(f"/sys/block/{name}/queue/rotational", "1\n")
    line = f"8 0 {name} {done} 0 0 {milliseconds} 0 0 0 0 {under_way} {busy} 0\n"
    tree.write("/proc/diskstats", line + line.replace(name, f"{name}1"))


def test_requests_under_way_of_which_none_completes_are_a_hung_disk(tree):
    host = tree.host()
    for _ in range(5):
        _disk(tree, 100, 100, 4)
        verdicts = list(disks.read(host))
        tree.clock.pass_by(5)
    assert about(verdicts, "disk.latency").reason is Reason.HUNG


@pytest.mark.parametrize(("busy", "reason"), [(5000, Reason.SLOW), (50, Reason.OK)])
def test_a_few_slow_requests_are_a_slow_disk_only_where_it_did_nothing_else(tree, busy, reason):
    host = tree.host()
    for look in range(8):
        done = 100 + look // 2  # one in ten seconds, looked at each five
        _disk(tree, done, done * 9000, 1, busy=look * busy)
        verdicts = list(disks.read(host))
        tree.clock.pass_by(5)
    assert about(verdicts, "disk.latency").reason is reason


@pytest.mark.parametrize(("suspended", "reason"), [("1", Reason.HUNG), ("0", Reason.OK)])
def test_a_mapped_device_that_keeps_back_what_it_is_asked_is_hung(tree, suspended, reason):
    host = tree.host()
    for _ in range(5):
        _disk(tree, 100, 100, 0, name="dm-5")
        tree.write("/sys/block/dm-5/dm/suspended", f"{suspended}\n")
        verdicts = list(disks.read(host))
        tree.clock.pass_by(5)
    assert about(verdicts, "disk.latency").reason is reason


@pytest.mark.parametrize(("per_request", "reason"), [(10, Reason.OK), (900, Reason.SLOW)])
def test_a_disk_is_slow_when_its_requests_are_for_a_while(tree, per_request, reason):
    host = tree.host()
    for look in range(5):
        _disk(tree, 100 + look * 50, 100 + look * 50 * per_request, 1)
        verdicts = list(disks.read(host))
        tree.clock.pass_by(5)
    assert about(verdicts, "disk.latency").reason is reason


def test_an_idle_disk_is_not_hung(tree):
    host = tree.host()
    for _ in range(5):
        _disk(tree, 100, 100, 0)
        verdicts = list(disks.read(host))
        tree.clock.pass_by(5)
    assert about(verdicts, "disk.latency").reason is Reason.OK


def test_a_second_look_at_once_sees_the_same_rates():
    rates = Rates()
    rates.update({"a": 0}, 100.0)
    first = rates.update({"a": 50}, 105.0)
    assert rates.update({"a": 50}, 105.3 + CONFIRM_AFTER) == first == {"a": 10.0}


def test_counters_that_were_reset_make_no_rate():
    rates = Rates()
    rates.update({"a": 100}, 100.0)
    assert rates.update({"a": 5}, 105.0) is None
