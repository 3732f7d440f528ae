"""What hosts tell of their CPU, memory, processes and clock names the right cause."""

from __future__ import annotations

import pytest

from rules.models import Relation
from wire.judgement import Reason

SHOWN = [
    ("cpu.throttled", "service:app1/app", Reason.SATURATED, "cpu.throttled"),
    ("cpu.throttled", "host:app1", Reason.SATURATED, "cpu.throttled"),
    ("cpu.steal", "host:app1", Reason.SATURATED, "cpu.steal"),
    ("mem.growth", "process:app1/python3", Reason.EXHAUSTED, "mem.leak"),
    ("mem.growth", "process:app1/python3", Reason.HIGH, "mem.leak"),
    ("mem.swap", "host:app1", Reason.SATURATED, "mem.swap.thrash"),
    ("process.zombies", "process:app1/python3", Reason.HIGH, "proc.zombies"),
    ("host.pids", "host:app1", Reason.EXHAUSTED, "proc.pids.exhausted"),
    ("svc.timer", "job:app1/backup", Reason.ERRORS, "svc.timer.missed"),
    ("svc.timer", "job:app1/backup", Reason.OVERDUE, "svc.timer.missed"),
    ("svc.cluster", "service:app1/pacemaker", Reason.MISSING, "app.cluster.degraded"),
    ("time.sources", "host:app1", Reason.UNREACHABLE, "time.source.unreachable"),
]


@pytest.fixture
def site(world):
    world.service("app1/app")
    world.edge("service:app1/app", Relation.RUNS_ON, "process:app1/python3")
    world.edge("process:app1/python3", Relation.RUNS_ON, "host:app1")
    world.alive()
    return world


@pytest.mark.parametrize(("signal", "subject", "reason", "fault"), SHOWN)
def test_a_lone_symptom_names_what_it_shows(site, signal, subject, reason, fault):
    site.local(signal, subject, reason)
    [found] = site.infer()
    assert (found.root.fault, found.root.entity) == (fault, subject)


def roots(site) -> list[str]:
    return [one.root.fault for one in site.infer()]


def test_a_leak_that_uses_up_the_memory_of_its_host_is_one_root(site):
    site.local("mem.growth", "process:app1/python3", Reason.EXHAUSTED)
    site.local("mem.available", "host:app1", Reason.EXHAUSTED, since=20.0)
    site.local("mem.pressure", "host:app1", Reason.SATURATED, since=25.0)
    assert roots(site) == ["mem.leak"]


def test_a_leak_that_ends_in_a_kill_is_still_the_leak(site):
    site.local("mem.growth", "process:app1/python3", Reason.EXHAUSTED)
    site.local("log.oom_kill", "process:app1/python3", Reason.MATCHED, since=60.0)
    assert roots(site) == ["mem.leak"]


def test_a_kill_without_growth_is_a_kill(site):
    site.local("log.oom_kill", "process:app1/python3", Reason.MATCHED)
    assert roots(site) == ["mem.oom.kill"]


def test_a_service_that_hangs_and_accepts_nothing_hangs(site):
    site.local("svc.process", "service:app1/app", Reason.HUNG)
    site.local("tcp.listen_queue", "service:app1/app", Reason.FULL, since=20.0)
    assert roots(site) == ["svc.process.hung"]


def test_thrashing_is_one_root_with_all_its_signs(site):
    for signal in ("mem.swap", "mem.pressure", "io.pressure"):
        site.local(signal, "host:app1", Reason.SATURATED)
    site.local("mem.available", "host:app1", Reason.EXHAUSTED)
    assert roots(site) == ["mem.swap.thrash"]


def test_a_full_cpu_that_the_hypervisor_keeps_is_not_the_hosts_own_load(site):
    site.local("cpu.steal", "host:app1", Reason.SATURATED)
    site.local("cpu.pressure", "host:app1", Reason.SATURATED)
    assert roots(site) == ["cpu.steal"]


def test_zombies_that_fill_the_process_table_are_the_root_of_its_end(site):
    site.local("process.zombies", "process:app1/python3", Reason.HIGH)
    site.local("host.pids", "host:app1", Reason.HIGH, since=30.0)
    assert roots(site) == ["proc.zombies"]


@pytest.mark.parametrize("signal", ["host.reboot_pending", "kernel.taint", "cpu.steal", "tcp.retransmits"])
def test_a_warning_alone_opens_nothing(site, signal):
    site.local(signal, "host:app1", Reason.HIGH)
    assert site.infer() == []


def test_the_mark_that_a_lockup_leaves_is_part_of_it(site):
    site.local("log.lockup", "host:app1", Reason.MATCHED)
    site.local("kernel.taint", "host:app1", Reason.HUNG, since=3.0)
    assert roots(site) == ["kernel.lockup"]
