"""Each fault of services, storage and hosts is named by what it shows."""

from __future__ import annotations

import pytest

from rules.models import Relation, Role
from wire.judgement import Reason


def first(world) -> tuple[str, str]:
    diagnoses = world.infer()
    assert len(diagnoses) == 1, [(each.root.fault, each.root.entity) for each in diagnoses]
    return diagnoses[0].root.fault, diagnoses[0].root.entity


def test_a_stopped_database_is_a_database_that_is_down_and_not_only_a_process(world):
    world.service("db1/postgresql")
    world.alive()
    world.local("svc.process", "service:db1/postgresql", Reason.STOPPED)
    assert first(world) == ("db.down", "service:db1/postgresql")


def test_a_service_that_refuses_is_down_even_when_only_others_look(world):
    world.service("web2/nginx")
    world.alive()
    world.probe("net.tcp", "web1", "web2/nginx", 80, Reason.REFUSED)
    world.probe("app.http", "app1", "web2/nginx", 80, Reason.REFUSED)
    world.ping("web1", "web2", at=8.0)
    assert first(world) == ("svc.process.down", "service:web2/nginx")


def test_a_service_that_gave_up_at_its_start_is_not_merely_down(world):
    world.service("web2/shop", "db1/postgresql")
    world.service("db1/postgresql")
    world.alive()
    world.local("svc.process", "service:web2/shop", Reason.STOPPED)
    world.local("log.dependency_missing", "service:web2/shop", Reason.MATCHED)
    world.local("svc.process", "service:db1/postgresql", Reason.OK, at=8.0)
    assert first(world) == ("svc.dependency.order", "service:web2/shop")


def test_what_gave_up_because_its_database_is_down_is_no_root(world):
    world.service("db1/postgresql")
    world.service("web2/shop", "db1/postgresql")
    world.alive()
    world.local("svc.process", "service:db1/postgresql", Reason.STOPPED)
    world.local("log.dependency_missing", "service:web2/shop", Reason.MATCHED)
    assert first(world) == ("db.down", "service:db1/postgresql")


def test_wrong_content_behind_a_front_is_the_fault_of_who_says_it(world):
    world.service("app1/shop")
    world.service("web1/nginx", "app1/shop")
    world.alive()
    world.probe("app.http", "web1", "app1/shop", 8000, Reason.BODY)
    world.probe("app.http", "web2", "web1/nginx", 443, Reason.BODY)
    world.local("svc.process", "service:app1/shop", Reason.OK, at=8.0)
    assert first(world) == ("app.content.wrong", "service:app1/shop")


def test_a_service_whose_port_another_has_is_not_merely_down_to_who_asks_there(world):
    world.service("web2/nginx")
    world.alive()
    world.local("svc.process", "service:web2/nginx", Reason.STOPPED)
    world.local("log.port_conflict", "service:web2/nginx", Reason.MATCHED)
    world.probe("app.http", "web1", "web2/nginx", 443, Reason.RESET)
    world.probe("app.http", "app1", "web2/nginx", 443, Reason.RESET)
    assert first(world) == ("svc.port.conflict", "service:web2/nginx")


def test_a_service_that_accepts_and_never_answers_hangs(world):
    world.service("app1/app")
    world.alive()
    world.probe("app.http", "web1", "app1/app", 8080, Reason.REQUEST_TIMEOUT)
    world.local("svc.process", "service:app1/app", Reason.HUNG)
    assert first(world) == ("svc.process.hung", "service:app1/app")


@pytest.mark.parametrize(
    ("reason", "fault"),
    [
        (Reason.TLS_EXPIRED, "tls.cert.expired"),
        (Reason.TLS_NOT_YET_VALID, "tls.cert.not_yet_valid"),
        (Reason.TLS_NAME, "tls.cert.hostname"),
        (Reason.TLS_UNTRUSTED, "tls.chain.untrusted"),
    ],
)
def test_a_bad_certificate_is_one_root_for_the_look_at_it_and_for_the_page(world, reason, fault):
    world.service("web2/nginx")
    world.alive()
    world.probe("tls.certificate", "web1", "web2/nginx", 443, reason)
    url = "endpoint:https://web2"
    exercised = [
        (Role.SELF, url),
        (Role.SELF, "service:web2/nginx"),
        (Role.SELF, "port:web2/tcp/443"),
        (Role.HOST, "host:web2"),
        (Role.OBSERVER, "host:app1"),
    ]
    world.see("app1", "app.http", url, reason, exercised, since=2.0)
    assert first(world) == (fault, "endpoint:https://web2")


def test_a_certificate_soon_over_is_said_before_it_is(world):
    world.service("web2/nginx")
    world.alive()
    world.probe("tls.certificate", "web1", "web2/nginx", 443, Reason.EXPIRING)
    assert first(world) == ("tls.cert.expiring", "endpoint:https://web2")


def test_an_error_page_with_all_else_well_is_the_services_own(world):
    world.service("db1/postgresql")
    world.service("app1/app", "db1/postgresql")
    world.alive()
    world.probe("app.http", "web1", "app1/app", 8080, Reason.STATUS)
    world.local("log.app_exception", "service:app1/app", Reason.MATCHED, since=1.0)
    world.local("svc.process", "service:db1/postgresql", Reason.OK, at=8.0)
    world.probe("net.tcp", "app1", "db1/postgresql", 5432, at=8.0)
    assert first(world) == ("app.error.internal", "service:app1/app")


def test_an_error_page_behind_a_dead_backend_is_the_backends(world):
    world.service("app1/app")
    world.service("web1/nginx", "app1/app")
    world.alive()
    world.probe("app.http", "web2", "web1/nginx", 80, Reason.STATUS)
    world.probe("net.tcp", "web1", "app1/app", 8080, Reason.REFUSED)
    world.local("svc.process", "service:app1/app", Reason.STOPPED)
    assert first(world) == ("svc.process.down", "service:app1/app")


def test_a_backend_that_nobody_watches_is_told_by_its_front(world):
    world.service("web1/nginx")
    world.alive()
    world.probe("app.http", "web2", "web1/nginx", 80, Reason.STATUS)
    world.local("log.upstream_failed", "service:web1/nginx", Reason.MATCHED)
    assert first(world) == ("svc.upstream.down", "service:web1/nginx")


def test_no_inodes_left_is_not_no_space_left(world):
    world.alive()
    world.local("fs.inodes", "fs:db1:/srv", Reason.EXHAUSTED)
    world.local("fs.space", "fs:db1:/srv", Reason.OK, at=8.0)
    world.local("log.no_space", "fs:db1:/srv", Reason.MATCHED)
    assert first(world) == ("storage.fs.inodes", "fs:db1:/srv")


def test_read_only_after_errors_is_the_kernels_doing(world):
    world.alive()
    world.local("fs.read_only", "fs:db1:/srv", Reason.ERRORS)
    world.local("log.fs_error", "fs:db1:/srv", Reason.MATCHED)
    assert first(world) == ("storage.fs.readonly", "fs:db1:/srv")


def test_read_only_without_errors_is_somebodys_doing(world):
    world.alive()
    world.local("fs.read_only", "fs:db1:/srv", Reason.READ_ONLY)
    assert first(world) == ("storage.mount.readonly", "mount:db1:/srv")


def test_a_process_killed_for_memory_is_the_root_of_its_services_restarts(world):
    world.service("app1/app")
    world.edge("service:app1/app", Relation.RUNS_ON, "process:app1/python3")
    world.service("web1/nginx", "app1/app")
    world.alive()
    world.local("log.oom_kill", "process:app1/python3", Reason.MATCHED)
    world.local("svc.process", "service:app1/app", Reason.RESTARTING, since=2.0)
    world.probe("app.http", "web2", "web1/nginx", 80, Reason.STATUS, since=3.0)
    assert first(world)[0] == "mem.oom.kill"


def test_a_service_that_systemd_says_ran_out_of_memory_was_killed_for_it(world):
    world.service("app1/app")
    world.alive()
    world.local("svc.process", "service:app1/app", Reason.EXHAUSTED)
    assert first(world) == ("mem.oom.kill", "service:app1/app")


def test_a_crash_loop_that_was_seen_between_two_starts_is_one_too(world):
    world.service("app1/app")
    world.alive()
    seen = (Reason.STOPPED, Reason.RESTARTING)
    world.local("svc.process", "service:app1/app", Reason.RESTARTING, intermittent=seen)
    world.probe("net.tcp", "web1", "app1/app", 8080, Reason.REFUSED)
    assert first(world) == ("svc.crashloop", "service:app1/app")


def test_a_service_that_keeps_crashing_is_a_crash_loop(world):
    world.service("app1/app")
    world.alive()
    world.local("svc.process", "service:app1/app", Reason.RESTARTING)
    world.local("log.crash_loop", "service:app1/app", Reason.MATCHED)
    world.probe("net.tcp", "web1", "app1/app", 8080, Reason.REFUSED)
    assert first(world) == ("svc.crashloop", "service:app1/app")


def test_a_saturated_cpu_leads_to_slow_answers(world):
    world.service("app1/app")
    world.alive()
    world.local("cpu.usage", "host:app1", Reason.SATURATED)
    world.local("cpu.pressure", "host:app1", Reason.SATURATED)
    world.probe("app.http", "web1", "app1/app", 8080, Reason.SLOW, since=4.0)
    assert first(world) == ("cpu.saturated", "host:app1")


def test_a_saturated_cpu_does_not_lead_to_errors(world):
    world.service("app1/app")
    world.alive()
    world.local("cpu.usage", "host:app1", Reason.SATURATED)
    world.local("cpu.pressure", "host:app1", Reason.SATURATED)
    world.probe("app.http", "web1", "app1/app", 8080, Reason.STATUS, since=4.0)
    faults = {each.root.fault for each in world.infer()}
    assert faults == {"cpu.saturated", "app.error.internal"}


def test_files_used_up_are_the_root_of_the_services_failures(world):
    world.service("app1/app")
    world.alive()
    world.local("process.fds", "service:app1/app", Reason.EXHAUSTED)
    world.local("log.fd_exhausted", "service:app1/app", Reason.MATCHED)
    world.probe("app.http", "web1", "app1/app", 8080, Reason.STATUS, since=2.0)
    assert first(world) == ("proc.fd.exhausted", "service:app1/app")


def test_a_wrong_clock_is_the_root_of_a_certificate_that_is_not_yet_valid(world):
    world.service("web2/nginx")
    world.alive()
    world.local("time.offset", "host:web1", Reason.SKEWED)
    world.probe("tls.certificate", "web1", "web2/nginx", 443, Reason.TLS_NOT_YET_VALID, since=2.0)
    assert first(world) == ("time.skew", "host:web1")


def test_unreadable_sectors_are_the_root_of_the_errors_above_the_disk(world):
    world.edge("fs:db1:/data", Relation.BACKED_BY, "disk:db1/sda")
    world.service("db1/postgresql", stored="fs:db1:/data")
    world.alive()
    world.local("log.medium_error", "disk:db1/sda", Reason.MATCHED)
    world.local("log.io_error", "disk:db1/sda", Reason.MATCHED)
    world.local("log.fs_error", "fs:db1:/data", Reason.MATCHED, since=3.0)
    assert first(world) == ("storage.disk.medium_error", "disk:db1/sda")


def test_a_slow_service_on_a_well_host_is_slow_by_itself(world):
    world.service("app1/app")
    world.alive()
    world.probe("app.http", "web1", "app1/app", 8080, Reason.SLOW)
    world.probe("app.http", "web2", "app1/app", 8080, Reason.SLOW)
    world.local("cpu.usage", "host:app1", Reason.OK, at=8.0)
    assert first(world) == ("app.latency", "service:app1/app")


def test_an_unknown_kind_of_fault_is_still_located(world):
    world.alive()
    world.local("log.gpu_xid", "gpu:app1/0", Reason.MATCHED)
    world.local("log.gpu_nvlink", "gpu:app1/0", Reason.MATCHED)
    assert first(world) == ("unmodelled.gpu", "gpu:app1/0")


def test_pressure_on_the_cpu_is_not_a_slow_disks_doing(world):
    world.alive()
    world.local("cpu.pressure", "host:app1", Reason.SATURATED)
    assert all(each.root.fault != "storage.disk.slow" for each in world.infer())


def test_a_process_without_files_resets_the_connections_of_its_service(world):
    world.service("app1/app")
    world.edge("service:app1/app", Relation.RUNS_ON, "process:app1/python3")
    world.alive()
    world.local("process.fds", "process:app1/python3", Reason.EXHAUSTED)
    world.probe("app.http", "web1", "app1/app", 8080, Reason.RESET, since=1.0)
    assert first(world) == ("proc.fd.exhausted", "process:app1/python3")


def test_a_front_that_speaks_another_tls_than_whom_it_asks_is_named_and_a_scanner_names_nobody(world):
    world.service("web2/nginx")
    world.alive()
    world.local("log.certificate_error", "service:web2/nginx", Reason.MATCHED)
    assert not world.infer() or world.infer()[0].probability < 0.5
    world.probe("tls.certificate", "web1", "web2/nginx", 443, Reason.OK)
    world.probe("app.http", "web1", "web2/nginx", 443, Reason.STATUS)
    assert first(world)[0] == "app.error.internal"
    world.local("log.upstream_tls", "service:web2/nginx", Reason.MATCHED)
    assert first(world) == ("tls.protocol.mismatch", "service:web2/nginx")


@pytest.mark.parametrize(("page", "its_own"), [(Reason.STATUS, True), (Reason.GATEWAY, False)])
def test_an_error_that_a_front_passes_on_is_told_from_one_that_it_gives_up_with(world, page, its_own):
    world.service("app1/app")
    world.service("web1/nginx", "app1/app")
    world.alive()
    for name in ("app1", "web1"):
        world.probe("app.http", name, "app1/app", 8080, Reason.OK)
    world.local("log.app_exception", "service:app1/app", Reason.MATCHED)
    for name in ("web2", "db1"):
        world.probe("app.http", name, "web1/nginx", 80, page)
    assert (first(world) == ("app.error.internal", "service:app1/app")) is its_own


def test_a_database_that_starts_for_ever_is_down(world):
    world.service("db1/postgresql")
    world.service("web2/shop", "db1/postgresql")
    world.alive()
    world.local("svc.process", "service:db1/postgresql", Reason.OK)
    world.local("app.answer", "service:db1/postgresql", Reason.RESTARTING)
    world.probe("app.http", "web1", "web2/shop", 80, Reason.STATUS)
    assert first(world) == ("db.down", "service:db1/postgresql")
