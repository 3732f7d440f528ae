"""Which root is named for the symptoms of one fault."""

from __future__ import annotations

from rules.diagnosis import Certainty, Diagnosis
from wire.judgement import Reason


def roots(diagnoses: list[Diagnosis]) -> list[tuple[str, str]]:
    return [(each.root.fault, each.root.entity) for each in diagnoses]


def test_nothing_is_diagnosed_when_all_is_well(world):
    world.alive()
    world.ping("web1", "db1", at=5.0)
    assert world.infer() == []


def test_a_full_file_system_is_the_root_of_the_errors_of_all_that_lean_on_it(world):
    world.service("db1/postgresql", stored="fs:db1:/var")
    world.service("app1/app", "db1/postgresql")
    world.service("web1/nginx", "app1/app")
    world.alive()
    world.local("fs.space", "fs:db1:/var", Reason.FULL)
    world.probe("app.http", "web2", "app1/app", 8080, Reason.STATUS, since=2.0)
    world.probe("app.http", "web2", "web1/nginx", 80, Reason.STATUS, since=3.0)
    [found] = world.infer()
    assert (found.root.fault, found.entity) == ("storage.fs.full", "fs:db1:/var")
    assert found.certainty is Certainty.CONFIRMED
    assert len(found.explains) == 3


def test_a_switch_with_many_silent_hosts_behind_it_is_one_root(world):
    silent = [f"node{number}" for number in range(30)]
    for name in silent:
        world.host(name, "switch:sw2")
        world.heartbeat(name, Reason.OVERDUE, opposite=-10.0)
    for name in ("db1", "db2", "dns1"):
        world.heartbeat(name, Reason.OVERDUE, opposite=-10.0)
        world.ping("web1", name, Reason.TIMEOUT, since=1.0)
    world.alive("web1", "web2", "app1", "hub")
    [found] = world.infer()
    assert (found.root.fault, found.root.entity) == ("net.switch.down", "switch:sw2")
    assert len(found.explains) == 36


def test_a_dead_host_and_its_cut_cable_are_one_class_with_the_look_that_would_separate_them(world):
    world.heartbeat("db1", Reason.OVERDUE, opposite=-10.0)
    for name in ("web1", "web2", "app1"):
        world.ping(name, "db1", Reason.TIMEOUT, since=1.0)
        world.ping(name, "db2", at=8.0)
    world.alive("web1", "web2", "app1", "hub", "db2", "dns1")
    [found] = world.infer()
    assert {member.fault for member in found.members} >= {"host.down", "net.link.down"}
    assert found.entity == "host:db1"
    assert any("net.link" in look for look in found.separated_by)


def test_a_silent_agent_on_a_host_that_answers_pings_is_a_dead_agent(world):
    world.heartbeat("db1", Reason.OVERDUE, opposite=-10.0)
    world.ping("web1", "db1", since=-500.0, at=4.0)
    world.alive("web1", "web2", "app1", "hub", "db2", "dns1")
    assert roots(world.infer()) == [("host.agent.dead", "agent:db1")]


def test_a_stopped_service_is_named_and_not_the_service_that_needs_it(world):
    world.service("db1/backend")
    world.service("web1/nginx", "db1/backend")
    world.alive()
    world.local("svc.process", "service:db1/backend", Reason.STOPPED)
    world.probe("net.tcp", "web1", "db1/backend", 9000, Reason.REFUSED, since=1.0)
    world.probe("app.http", "web2", "web1/nginx", 80, Reason.STATUS, since=2.0)
    world.ping("web1", "db1", at=6.0)
    assert roots(world.infer()) == [("svc.process.down", "service:db1/backend")]


def test_two_independent_faults_are_two_diagnoses(world):
    world.service("web1/nginx")
    world.alive()
    world.local("svc.process", "service:web1/nginx", Reason.STOPPED)
    world.local("fs.space", "fs:db2:/srv", Reason.FULL, since=1.0)
    assert roots(world.infer()) == [
        ("svc.process.down", "service:web1/nginx"),
        ("storage.fs.full", "fs:db2:/srv"),
    ]


def test_every_ruled_out_hypothesis_cites_observations(world):
    world.heartbeat("db1", Reason.OVERDUE, opposite=-10.0)
    world.ping("web1", "db1", since=-500.0, at=4.0)
    world.alive("web1", "web2", "app1", "hub", "db2", "dns1")
    [found] = world.infer()
    known = {evidence.id for evidence in world.evidence}
    assert found.ruled_out
    assert all(each.by and set(each.by) <= known for each in found.ruled_out)
