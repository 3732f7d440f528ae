"""Members of which some may fail: what their loss leads to, what speaks against it, what is left."""

from __future__ import annotations

import pytest

from rules.graph import Edge, Group
from rules.models import Relation
from wire.judgement import Reason

MEMBERS = ("service:app1/app", "service:web2/app", "service:db1/app")


def pool(world, *, need=1, members=MEMBERS, **kind):
    for member in members:
        world.service(member.partition(":")[2])
    world.service("web1/haproxy")
    world.graph.add_group(Group("group:app", members, need=need, **kind))
    world.graph.add(Edge("service:web1/haproxy", Relation.DEPENDS_ON, "group:app"))


def stop(world, *services, since=0.0):
    for service in services:
        world.local("svc.process", service, Reason.STOPPED, since=since)
        world.local("svc.port", service, Reason.REFUSED, since=since)


def site(world, outcome=Reason.OK, **times):
    times = {"since": -500.0, "at": 8.0} | times if outcome is Reason.OK else times
    world.probe("app.http", "hub", "web1/haproxy", 80, outcome, **times)


def only(world):
    found = world.infer()
    assert len(found) == 1, [(each.root.fault, each.root.entity) for each in found]
    return found[0]


def test_one_member_down_is_named_with_what_is_left(world):
    pool(world)
    stop(world, MEMBERS[0])
    site(world)
    found = only(world)
    assert (found.root.fault, found.root.entity) == ("svc.process.down", MEMBERS[0])
    (left,) = found.redundancy
    assert (left.group, left.lost, left.left, left.need, left.held) == (
        "group:app",
        MEMBERS[:1],
        MEMBERS[1:],
        1,
        True,
    )


def test_a_pass_through_the_group_does_not_hide_a_lost_member(world):
    pool(world)
    stop(world, MEMBERS[0])
    for host in ("web2", "db1", "db2", "dns1"):
        world.probe("app.http", host, "web1/haproxy", 80, since=-500.0, at=9.0)
    assert only(world).probability > 0.95


def test_some_requests_fail_where_nobody_checks_the_members(world):
    pool(world)
    stop(world, MEMBERS[0])
    site(world, Reason.STATUS, since=1.0, intermittent=(Reason.STATUS,))
    found = only(world)
    assert found.root.entity == MEMBERS[0]
    assert len(found.explains) == 3
    assert not found.redundancy[0].held


@pytest.mark.parametrize(("passed_at", "held"), [(9.0, True), (-0.5, False)])
def test_a_line_about_the_lost_member_is_no_failure_of_who_does_its_work_with_the_rest(
    world, passed_at, held
):
    pool(world)
    stop(world, MEMBERS[0])
    world.local("log.upstream_failed", "service:web1/haproxy", Reason.MATCHED, since=1.0)
    site(world, at=passed_at)
    assert only(world).redundancy[0].held is held


@pytest.mark.parametrize("need", [1, 2])
def test_too_few_members_take_down_what_leans_on_the_group(world, need):
    pool(world, need=need)
    world.graph.add(Edge("service:app1/app", Relation.DEPENDS_ON, "service:db2/store"))
    world.graph.add(Edge("service:web2/app", Relation.DEPENDS_ON, "service:db2/store"))
    world.graph.add(Edge("service:db1/app", Relation.DEPENDS_ON, "service:db2/store"))
    world.service("db2/store")
    stop(world, "service:db2/store")
    for member in MEMBERS:
        world.probe("app.http", "hub", member.partition(":")[2], 8080, Reason.STATUS, since=1.0)
    site(world, Reason.STATUS, since=1.0)
    found = only(world)
    assert found.root.entity == "service:db2/store"
    (left,) = found.redundancy
    assert (set(left.lost), left.left) == (set(MEMBERS), ())


def test_of_a_lost_machine_its_own_redundant_parts_are_no_news(world):
    pool(world)
    world.graph.add_group(Group("group:bond", ("nic:app1/eth0", "nic:app1/eth1"), balanced=False))
    world.edge("nic:app1/eth1", Relation.RUNS_ON, "host:app1")
    world.heartbeat("app1", Reason.OVERDUE)
    for observer in ("hub", "web1", "db1"):
        world.ping(observer, "app1", Reason.TIMEOUT)
    world.alive("web1", "web2", "db1", "db2", "dns1")
    found = only(world)
    assert found.entity == "host:app1"
    assert [(each.group, each.left) for each in found.redundancy] == [("group:app", MEMBERS[1:])]


def test_what_another_root_took_is_not_left(world):
    pool(world)
    stop(world, MEMBERS[0])
    stop(world, MEMBERS[1], since=2.0)
    world.alive()
    assert [each.redundancy[0].left for each in world.infer()] == [MEMBERS[2:], MEMBERS[2:]]
