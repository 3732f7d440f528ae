"""One confirmed symptom alone names what it shows, and nothing far-fetched."""

from __future__ import annotations

import pytest

from rules.models import Relation
from wire.judgement import Reason

WELL = [("fs.space", "fs:app1:/srv"), ("fs.inodes", "fs:app1:/srv"), ("cpu.usage", "host:app1")]
SHOWN = [
    ("fs.space", "fs:app1:/srv", Reason.FULL, "storage.fs.full"),
    ("fs.inodes", "fs:app1:/srv", Reason.EXHAUSTED, "storage.fs.inodes"),
    ("fs.read_only", "fs:app1:/srv", Reason.ERRORS, "storage.fs.readonly"),
    ("fs.read_only", "fs:app1:/srv", Reason.READ_ONLY, "storage.mount.readonly"),
    ("process.fds", "process:app1/python3", Reason.EXHAUSTED, "proc.fd.exhausted"),
    ("time.offset", "host:app1", Reason.SKEWED, "time.skew"),
    ("svc.process", "service:app1/app", Reason.STOPPED, "svc.process.down"),
    ("svc.process", "service:app1/app", Reason.HUNG, "svc.process.hung"),
    ("svc.process", "service:app1/app", Reason.RESTARTING, "svc.crashloop"),
    ("svc.port", "service:app1/app", Reason.REFUSED, "svc.process.down"),
    ("disk.latency", "disk:app1/sda", Reason.SLOW, "storage.disk.slow"),
    ("log.oom_kill", "process:app1/python3", Reason.MATCHED, "mem.oom.kill"),
    ("log.medium_error", "disk:app1/sda", Reason.MATCHED, "storage.disk.medium_error"),
    ("log.crash_loop", "service:app1/app", Reason.MATCHED, "svc.crashloop"),
]


@pytest.mark.parametrize(("signal", "subject", "reason", "fault"), SHOWN)
def test_a_lone_symptom_names_what_it_shows(world, signal, subject, reason, fault):
    world.service("app1/app", stored="fs:app1:/srv")
    world.edge("fs:app1:/srv", Relation.BACKED_BY, "disk:app1/sda")
    world.edge("fs:app1:/srv", Relation.RUNS_ON, "host:app1")
    world.edge("disk:app1/sda", Relation.RUNS_ON, "host:app1")
    world.edge("service:app1/app", Relation.RUNS_ON, "process:app1/python3")
    world.alive()
    for name, entity in WELL:
        if (name, entity) != (signal, subject):
            world.local(name, entity, Reason.OK, at=8.0)
    world.local(signal, subject, reason)
    [found] = world.infer()
    assert found.root.fault == fault


@pytest.mark.parametrize("signal", ["mem.pressure", "io.pressure", "mem.swap", "fs.space", "process.fds"])
def test_a_warning_alone_is_no_fault(world, signal):
    subject = {"fs.space": "fs:app1:/srv", "process.fds": "process:app1/x"}.get(signal, "host:app1")
    world.alive()
    world.local(signal, subject, Reason.HIGH)
    assert world.infer() == []


def test_a_program_that_complains_of_its_database_has_not_ended(world):
    world.service("app1/app", "db1/postgres")
    world.alive()
    world.local("log.database_error", "service:app1/app", Reason.MATCHED)
    world.local("log.app_exception", "service:app1/app", Reason.MATCHED)
    assert "svc.process.down" not in {each.root.fault for each in world.infer()}


def test_a_line_that_is_only_read_weighs_less_than_one_that_a_signature_knows(world):
    world.service("app1/app")
    world.edge("service:app1/app", Relation.RUNS_ON, "process:app1/python3")
    world.alive()
    sure = []
    for by_form in (False, True):
        world.local("log.oom_kill", "process:app1/python3", Reason.MATCHED, by_form=by_form)
        [found] = world.infer()
        sure.append((found.root.fault, found.probability))
    assert [fault for fault, _ in sure] == ["mem.oom.kill"] * 2
    assert sure[1][1] < sure[0][1]
