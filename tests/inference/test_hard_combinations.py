"""Faults that hide behind others, come in pairs, come and go, or are told late."""

from __future__ import annotations

import msgspec
import pytest

from rules.diagnosis import Certainty
from rules.graph import Edge, Group
from rules.models import Relation, Role
from wire.judgement import Reason


def roots(world) -> set[tuple[str, str]]:
    return {(each.root.fault, each.root.entity) for each in world.infer()}


def test_a_full_disk_under_a_database_that_died_of_it_is_one_root(world):
    world.service("db1/postgresql", stored="fs:db1:/var")
    world.service("app1/app", "db1/postgresql")
    world.service("web1/nginx", "app1/app")
    world.alive()
    world.local("fs.space", "fs:db1:/var", Reason.FULL)
    world.local("log.no_space", "fs:db1:/var", Reason.MATCHED, since=1.0)
    world.local("log.database_error", "service:db1/postgresql", Reason.MATCHED, since=1.5)
    world.probe("app.http", "web2", "app1/app", 8080, Reason.STATUS, since=3.0)
    world.probe("app.http", "web2", "web1/nginx", 80, Reason.STATUS, since=4.0)
    assert roots(world) == {("storage.fs.full", "fs:db1:/var")}


def test_one_of_two_backends_down_is_a_ticket_on_the_backend_and_none_on_the_front(world):
    for name in ("app1", "web2"):
        world.service(f"{name}/app")
    world.service("web1/haproxy")
    world.graph.add_group(Group("group:app", ("service:app1/app", "service:web2/app"), need=1))
    world.graph.add(Edge("service:web1/haproxy", Relation.DEPENDS_ON, "group:app"))
    world.alive()
    world.local("svc.process", "service:app1/app", Reason.STOPPED)
    world.probe("app.http", "db1", "web1/haproxy", 80, since=-100.0, at=8.0)
    assert roots(world) == {("svc.process.down", "service:app1/app")}


def test_a_group_without_members_left_takes_down_what_leans_on_it(world):
    for name in ("app1", "web2"):
        world.service(f"{name}/app")
    world.service("web1/haproxy")
    world.graph.add_group(Group("group:app", ("service:app1/app", "service:web2/app"), need=1))
    world.graph.add(Edge("service:web1/haproxy", Relation.DEPENDS_ON, "group:app"))
    world.alive()
    for name in ("app1", "web2"):
        world.local("svc.process", f"service:{name}/app", Reason.STOPPED)
    world.probe("app.http", "db1", "web1/haproxy", 80, Reason.STATUS, since=3.0)
    assert roots(world) == {
        ("svc.process.down", "service:app1/app"),
        ("svc.process.down", "service:web2/app"),
    }


def test_a_pass_through_a_balanced_group_speaks_little_against_one_member(world):
    for name in ("app1", "web2"):
        world.service(f"{name}/app")
    world.alive()
    share = (("service:app1/app", 0.5), ("service:web2/app", 0.5))
    exercised = [
        (Role.SELF, "endpoint:http://shop"),
        (Role.SELF, "service:app1/app"),
        (Role.SELF, "service:web2/app"),
        (Role.OBSERVER, "host:db1"),
    ]
    world.see("db1", "app.http", "endpoint:http://shop", Reason.OK, exercised, at=8.0, share=share)
    world.probe("net.tcp", "web1", "app1/app", 8080, Reason.REFUSED)
    world.probe("net.tcp", "db2", "app1/app", 8080, Reason.REFUSED)
    assert roots(world) == {("svc.process.down", "service:app1/app")}


def test_two_faults_on_one_host_are_two_roots(world):
    world.service("db1/postgresql")
    world.alive()
    world.local("fs.space", "fs:db1:/srv", Reason.FULL)
    world.local("svc.process", "service:db1/postgresql", Reason.STOPPED, since=1.0)
    assert roots(world) == {("storage.fs.full", "fs:db1:/srv"), ("db.down", "service:db1/postgresql")}


def test_an_expired_certificate_and_a_dead_cache_are_two_roots(world):
    world.service("web2/nginx")
    world.service("db1/redis")
    world.alive()
    world.probe("tls.certificate", "web1", "web2/nginx", 443, Reason.TLS_EXPIRED)
    world.local("svc.process", "service:db1/redis", Reason.STOPPED)
    assert {fault for fault, _ in roots(world)} == {"tls.cert.expired", "db.down"}


def test_a_loud_unrelated_log_does_not_draw_the_root_to_itself(world):
    world.service("db1/postgresql")
    world.service("app1/app", "db1/postgresql")
    world.alive()
    world.local("log.app_exception", "service:web2/batch", Reason.MATCHED, confirmed=False)
    for name in ("app1", "web1"):
        world.probe("net.tcp", name, "db1/postgresql", 5432, Reason.TIMEOUT)
        world.ping(name, "db1", at=8.0)
    world.probe("net.tcp", "db2", "db1/postgresql", 5432, at=8.0)
    assert ("fw.gateway.acl", "flow:10.0.1.1>db1/tcp/5432") in roots(world)
    assert all("web2" not in entity for _, entity in roots(world))


def test_a_wrong_password_beside_a_hot_host_is_not_the_hot_hosts_doing(world):
    world.service("app1/app")
    world.alive()
    world.local("cpu.usage", "host:app1", Reason.SATURATED)
    world.local("cpu.pressure", "host:app1", Reason.SATURATED)
    world.probe("app.http", "web1", "app1/app", 8080, Reason.STATUS)
    world.probe("app.http", "web2", "app1/app", 8080, Reason.STATUS)
    found = {each.root.fault: set(each.observations) for each in world.infer()}
    assert not found["cpu.saturated"] & found["app.error.internal"]


def test_a_password_that_the_database_refuses_to_one_of_its_clients_is_the_password(world):
    """The clients answer 500, as after a bad release; what the database logs tells the two apart."""
    world.service("db1/postgres")
    for name in ("app1", "web2"):
        world.service(f"{name}/app", "db1/postgres")
    world.alive()
    world.local("log.credentials_refused", "service:db1/postgres", Reason.MATCHED)
    world.probe("net.tcp", "app1", "db1/postgres", 5432, at=8.0)
    for observer in ("web1", "web2", "app1"):
        world.probe("app.http", observer, "app1/app", 8080, Reason.STATUS, since=1.0)
    world.probe("app.http", "web1", "web2/app", 8080, at=8.0)
    assert [fault for fault, _ in roots(world)] == ["app.credentials.wrong"]


def test_an_upstream_behind_a_flapping_link_is_lost_with_the_link(world):
    world.service("web1/nginx")
    partner = "address:203.0.113.9"
    world.graph.add(Edge("service:web1/nginx", Relation.DEPENDS_ON, partner))
    world.graph.add(Edge(partner, Relation.ROUTES_VIA, "nic:db1/eth2"))
    world.alive()
    world.local("net.link", "nic:db1/eth2", Reason.FLAPPING)
    world.local("log.upstream_failed", "service:web1/nginx", Reason.MATCHED, since=2.0)
    for observer in ("web2", "app1"):
        world.probe("app.http", observer, "web1/nginx", 80, Reason.STATUS, since=2.0)
    assert roots(world) == {("net.link.flap", "nic:db1/eth2")}


def test_passes_from_before_the_onset_do_not_acquit(world):
    world.heartbeat("db1", Reason.OVERDUE, opposite=-10.0)
    for name in ("web1", "web2", "app1"):
        world.ping(name, "db1", since=-500.0, at=-2.0)
    world.alive("web1", "web2", "app1", "hub", "db2", "dns1")
    [found] = world.infer()
    assert "host.down" in {member.fault for member in found.members}


def test_passes_from_after_the_onset_acquit(world):
    world.heartbeat("db1", Reason.OVERDUE, opposite=-10.0)
    world.ping("web1", "db1", since=-500.0, at=6.0)
    world.alive("web1", "web2", "app1", "hub", "db2", "dns1")
    assert roots(world) == {("host.agent.dead", "agent:db1")}


def test_a_clock_that_is_not_known_well_cannot_acquit(world):
    world.heartbeat("db1", Reason.OVERDUE, opposite=-10.0)
    ping = world.ping("web1", "db1", since=-500.0, at=6.0)
    world.evidence.remove(ping)
    world.evidence.append(msgspec.structs.replace(ping, clock_error=30.0))
    world.alive("web1", "web2", "app1", "hub", "db2", "dns1")
    [found] = world.infer()
    assert "host.down" in {member.fault for member in found.members}


def test_what_failed_long_before_is_another_root(world):
    world.service("db1/postgresql")
    world.probe("app.http", "web1", "db1/admin", 8081, Reason.STATUS, since=-86400.0, at=-1.0)
    for name in ("web1", "web2", "app1"):
        world.ping(name, "db1", Reason.TIMEOUT, since=1.0)
        world.ping(name, "db2", at=8.0)
    world.heartbeat("db1", Reason.OVERDUE, since=2.0)
    world.alive("web1", "web2", "app1", "hub", "db2", "dns1")
    world.ping("web1", "db1", Reason.TIMEOUT, since=1.0)
    found = {each.entity: each for each in world.infer()}
    assert "host:db1" in found
    assert all(key[1] != "app.http" for key in found["host:db1"].explains)


def test_an_undeclared_dependency_only_says_perhaps(world):
    world.service("db1/postgresql")
    world.service("app1/app")
    world.graph.add(
        Edge("service:app1/app", Relation.DEPENDS_ON, "service:db1/postgresql", 0.2, source="undeclared")
    )
    world.alive()
    world.local("svc.process", "service:db1/postgresql", Reason.STOPPED)
    world.probe("app.http", "web1", "app1/app", 8080, Reason.STATUS, since=2.0)
    [found] = world.infer()
    assert found.root.fault == "db.down"
    assert [key[1] for key in found.perhaps] == ["app.http"]


def test_dependence_in_a_circle_has_still_one_root(world):
    world.service("app1/app", "web2/api")
    world.service("web2/api", "app1/app")
    world.alive()
    world.local("svc.process", "service:app1/app", Reason.STOPPED)
    world.probe("app.http", "web1", "web2/api", 8080, Reason.STATUS, since=2.0)
    assert roots(world) == {("svc.process.down", "service:app1/app")}


def test_a_lone_unconfirmed_timeout_is_no_fault(world):
    world.alive()
    world.ping("web1", "db1", Reason.TIMEOUT, confirmed=False)
    world.ping("web2", "db1", at=8.0)
    assert roots(world) == set()


def test_one_of_several_equal_explanations_is_never_called_confirmed(world):
    world.heartbeat("db1", Reason.OVERDUE, opposite=-10.0)
    world.alive("web1", "web2", "app1", "hub", "db2", "dns1")
    [found] = world.infer()
    assert found.certainty is not Certainty.CONFIRMED


@pytest.mark.parametrize("late", ["fs.space", "log.no_space"])
def test_evidence_that_comes_late_leads_to_the_same_root(world, late):
    world.service("db1/postgresql", stored="fs:db1:/var")
    world.alive()
    world.local("log.database_error", "service:db1/postgresql", Reason.MATCHED, since=2.0)
    engine = world.engine()
    engine.infer(0.0)
    engine.update(world.local("fs.space", "fs:db1:/var", Reason.FULL))
    if late == "log.no_space":
        engine.infer(0.0)
        engine.update(world.local(late, "fs:db1:/var", Reason.MATCHED, since=1.0))
    [found] = engine.infer(0.0)
    assert found.root.fault == "storage.fs.full"
    assert found.onset == min(
        evidence.since for evidence in world.evidence if evidence.id in found.observations
    )
