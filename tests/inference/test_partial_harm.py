"""Faults that harm some of what goes a way: what passes hardly speaks against them."""

from __future__ import annotations

from rules.models import Relation, Role
from wire.judgement import Reason

FAR = ("web1", "web2", "app1", "hub")


def roots(world):
    return [(each.root.fault, each.root.entity) for each in world.infer()]


def a_router(world):
    """Both gateways are one machine with an agent."""
    world.host("gw", "switch:sw1")
    for gateway in ("gateway:10.0.1.1", "gateway:10.0.2.1"):
        world.edge(gateway, Relation.RUNS_ON, "host:gw")


def db1_gets_no_answer_from_the_other_side(world):
    for target in FAR:
        world.ping("db1", target, Reason.TIMEOUT)
    for target in ("db2", "dns1"):
        world.ping("db1", target, at=8.0)
    for name in ("db2", "dns1"):
        for target in FAR:
            world.ping(name, target, at=8.0)


def test_a_router_that_drops_what_one_host_sends_is_named_by_its_own_counter(world):
    a_router(world)
    world.alive()
    db1_gets_no_answer_from_the_other_side(world)
    world.local("net.rpfilter", "host:gw", Reason.ERRORS, since=5.0)
    assert roots(world) == [("ip.rpfilter.asymmetric", "host:gw")]


def test_a_host_that_is_cut_off_is_not_laid_to_a_router_that_drops_nothing(world):
    a_router(world)
    world.alive()
    db1_gets_no_answer_from_the_other_side(world)
    world.local("net.rpfilter", "host:gw", Reason.OK, at=8.0)
    assert "ip.rpfilter.asymmetric" not in {fault for fault, _ in roots(world)}


def test_small_pages_that_pass_do_not_refute_that_large_packets_vanish(world):
    world.alive()
    for name in FAR:
        for target in ("db1", "db2"):
            crossed = [*world.path(name, target), (Role.OBSERVER, f"host:{name}")]
            for number in range(4):
                page = f"endpoint:http://10.0.2.{target[2:]}{number}/"
                world.see(name, "app.http", page, Reason.OK, [(Role.SELF, page), *crossed], at=8.0)
    crossed = [*world.path("web1", "db1"), (Role.SELF, "address:10.0.2.21"), (Role.OBSERVER, "host:web1")]
    world.see("web1", "net.path_mtu", "address:10.0.2.21", Reason.WRONG, crossed)
    assert [fault for fault, _ in roots(world)] == ["net.mtu.blackhole"]


def test_a_wrong_hardware_address_of_one_machine_is_not_refuted_by_all_the_others(world):
    world.alive()
    world.see(
        "web1",
        "net.neighbour",
        "address:10.0.1.12",
        Reason.WRONG,
        [(Role.SELF, "address:10.0.1.12"), (Role.HOST, "host:web2"), (Role.OBSERVER, "host:web1")],
    )
    world.ping("web1", "web2", Reason.TIMEOUT)
    world.ping("hub", "web2", at=8.0)
    for target in ("app1", "hub", "db1", "db2", "dns1"):
        world.ping("web1", target, at=8.0)
        world.see(
            "web1",
            "net.neighbour",
            f"host:{target}",
            Reason.OK,
            [(Role.HOST, f"host:{target}"), (Role.OBSERVER, "host:web1")],
            at=8.0,
        )
    assert roots(world) == [("arp.wrong", "host:web1")]
