"""Who answers no pings but everything else is no trouble; who answers nothing else either is."""

from __future__ import annotations

from rules.models import Role
from wire.judgement import Reason

WEB2 = "address:10.0.1.12"


def ping(world, observer, outcome=Reason.TIMEOUT, **times):
    crossed = [*world.path(observer, "web2"), (Role.PATH, WEB2)]
    whole = [(Role.SELF, WEB2), (Role.HOST, "host:web2"), *crossed, (Role.OBSERVER, f"host:{observer}")]
    world.see(observer, "net.icmp", WEB2, outcome, whole, **times)


def connect(world, observer, outcome=Reason.OK, **times):
    door = "endpoint:tcp://10.0.1.12:80"
    crossed = [*world.path(observer, "web2"), (Role.PATH, WEB2)]
    whole = [(Role.SELF, door), (Role.HOST, "host:web2"), *crossed, (Role.OBSERVER, f"host:{observer}")]
    world.see(observer, "net.tcp", door, outcome, whole, **times)


def roots(world):
    return [(each.root.fault, each.root.entity) for each in world.infer()]


def test_pings_that_get_no_answer_where_connections_succeed_are_filtered(world):
    world.alive()
    for observer in ("web1", "app1", "db1"):
        ping(world, observer)
    connect(world, "app1", at=8.0)
    assert roots(world) == [("fw.echo", WEB2)]


def test_without_a_connection_that_succeeds_no_filter_explains_them(world):
    world.alive()
    for observer in ("web1", "app1", "db1"):
        ping(world, observer)
    assert "fw.echo" not in {fault for fault, _ in roots(world)}


def test_a_connection_from_before_the_pings_failed_shows_nothing(world):
    world.alive()
    for observer in ("web1", "app1", "db1"):
        ping(world, observer)
    connect(world, "app1", since=-20.0, at=-10.0)
    assert "fw.echo" not in {fault for fault, _ in roots(world)}


def test_a_machine_of_which_nothing_answers_is_down_although_it_spoke_lately(world):
    world.alive("web1", "app1", "db1", "db2", "hub", "dns1")
    for observer in ("web1", "app1", "db1"):
        ping(world, observer)
        connect(world, observer, Reason.TIMEOUT, since=1.0)
    connect(world, "db2", since=-20.0, at=-1.0)
    world.heartbeat("web2", Reason.OVERDUE, since=20.0)
    [found] = world.infer()
    assert "host:web2" in {found.entity, found.root.entity}


def test_a_gateway_that_passes_all_but_pings_is_told_from_one_that_is_down(world):
    world.alive()
    for observer in ("web1", "web2", "app1"):
        for target in ("db1", "db2"):
            world.ping(observer, target, Reason.TIMEOUT)
    world.ping("db1", "db2", at=8.0)
    world.ping("web1", "web2", at=8.0)
    for observer in ("web1", "web2"):
        crossed = [*world.path(observer, "db1"), (Role.OBSERVER, f"host:{observer}")]
        world.see(observer, "net.tcp", "endpoint:tcp://10.0.2.21:5432", Reason.OK, crossed, at=8.0)
    assert roots(world) == [("fw.gateway.echo", "gateway:10.0.1.1")]


def asked_on_the_link(world, observer):
    crossed = [*world.path(observer, "web2"), (Role.OBSERVER, f"host:{observer}")]
    whole = [(Role.SELF, WEB2), (Role.HOST, "host:web2"), *crossed]
    world.see(observer, "net.neighbour", WEB2, Reason.TIMEOUT, whole)


def test_a_machine_that_is_reached_late_and_answers_no_arp_is_told_from_a_late_link(world):
    world.alive()
    ping(world, "web1", Reason.SLOW)
    asked_on_the_link(world, "web1")
    ping(world, "app1", Reason.OK, at=8.0)
    connect(world, "db1", at=8.0)
    assert roots(world) == [("arp.unanswered", "host:web2")]


def test_a_machine_that_answers_nothing_at_all_is_not_one_that_only_answers_no_arp(world):
    world.alive("web1", "app1", "db1", "db2", "hub", "dns1")
    for observer in ("web1", "app1"):
        ping(world, observer, Reason.UNREACHABLE)
        asked_on_the_link(world, observer)
    world.heartbeat("web2", Reason.OVERDUE, since=20.0)
    assert "arp.unanswered" not in {fault for fault, _ in roots(world)}
