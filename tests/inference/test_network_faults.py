"""Each network fault is named by what it shows, and not by what looks like it."""

from __future__ import annotations

import pytest

from rules.models import Relation, Role
from wire.judgement import Reason


def first(world) -> tuple[str, str]:
    diagnoses = world.infer()
    assert len(diagnoses) == 1, [(each.root.fault, each.root.entity) for each in diagnoses]
    return diagnoses[0].root.fault, diagnoses[0].root.entity


def members(world) -> set[str]:
    [found] = world.infer()
    return {member.fault for member in found.members} or {found.root.fault}


def test_a_port_without_carrier_is_a_link_that_is_down(world):
    world.alive("web1", "web2", "app1", "hub", "dns1", "db2")
    world.local("net.link", "nic:db1/eth0", Reason.CARRIER)
    world.ping("web1", "db1", Reason.TIMEOUT, since=2.0)
    world.heartbeat("db1", Reason.OVERDUE, since=20.0)
    assert first(world) == ("net.link.down", "nic:db1/eth0")


def test_a_link_that_comes_and_goes_is_flapping_and_not_down(world):
    world.alive()
    world.local("net.link", "nic:db1/eth0", Reason.FLAPPING)
    for name in ("web1", "web2"):
        world.ping(name, "db1", since=1.0, intermittent=(Reason.TIMEOUT,))
    assert first(world) == ("net.link.flap", "nic:db1/eth0")


def test_loss_to_all_behind_one_port_is_loss_there(world):
    world.alive()
    for name in ("web1", "web2", "app1"):
        world.ping(name, "db1", Reason.LOSS)
        world.ping(name, "db2", at=8.0)
    world.ping("db1", "web1", Reason.LOSS)
    world.local("net.link_errors", "nic:db1/eth0", Reason.ERRORS, since=2.0)
    assert first(world) == ("net.link.loss", "nic:db1/eth0")


def test_a_gateway_that_answers_nobody_is_down(world):
    world.alive("web1", "web2", "app1", "hub")
    for name in ("web1", "web2", "app1"):
        world.ping(name, "db1", Reason.TIMEOUT, since=1.0)
        world.ping(name, "db2", Reason.TIMEOUT, since=2.0)
        world.see(
            name,
            "net.neighbour",
            "gateway:10.0.1.1",
            Reason.TIMEOUT,
            [(Role.SELF, "gateway:10.0.1.1"), (Role.PATH, f"nic:{name}/eth0"), (Role.PATH, "switch:sw1")],
        )
    world.ping("web1", "web2", at=8.0)
    world.ping("db1", "db2", at=8.0)
    for name in ("db1", "db2", "dns1"):
        world.heartbeat(name, Reason.OVERDUE, since=15.0)
    world.edge("gateway:10.0.2.1", Relation.RUNS_ON, "host:gw")
    world.edge("gateway:10.0.1.1", Relation.RUNS_ON, "host:gw")
    assert first(world) == ("net.gateway.down", "host:gw")


def test_a_gateway_without_agent_is_named_by_its_address(world):
    world.alive("web1", "web2", "app1", "hub")
    for name in ("web1", "web2", "app1"):
        world.ping(name, "db1", Reason.TIMEOUT, since=1.0)
        world.ping(name, "db2", Reason.TIMEOUT, since=2.0)
        world.see(
            name,
            "net.neighbour",
            "gateway:10.0.1.1",
            Reason.TIMEOUT,
            [(Role.SELF, "gateway:10.0.1.1"), (Role.PATH, f"nic:{name}/eth0"), (Role.PATH, "switch:sw1")],
        )
    world.ping("web1", "web2", at=8.0)
    assert first(world) == ("net.gateway.down", "gateway:10.0.1.1")


def test_a_gateway_that_lives_and_passes_nothing_on_is_down_as_a_gateway(world):
    world.service("dns1/dnsmasq")
    world.edge("resolver:dns1", Relation.SERVED_BY, "service:dns1/dnsmasq")
    for address in ("gateway:10.0.1.1", "gateway:10.0.2.1"):
        world.edge(address, Relation.RUNS_ON, "host:gw")
    near = ("web1", "web2", "app1")
    world.alive("hub", *near)
    world.see("rootward", "agent.heartbeat", "agent:gw", Reason.OK, [(Role.HOST, "host:gw")], at=20.0)
    for name in near:
        world.dns(name, "dns1/dnsmasq", Reason.TIMEOUT, since=1.0)
        own = [(Role.SELF, "gateway:10.0.1.1"), (Role.HOST, "host:gw"), (Role.PATH, f"nic:{name}/eth0")]
        world.see(name, "net.neighbour", "gateway:10.0.1.1", Reason.OK, own, since=-900.0, at=20.0)
        world.see(name, "net.icmp", "address:10.0.1.1", Reason.OK, own, since=-900.0, at=20.0)
    for name in ("db1", "db2", "dns1"):
        world.heartbeat(name, Reason.OVERDUE, since=15.0)
        there = [(Role.HOST, f"host:{name}"), (Role.PATH, "switch:sw2"), (Role.PATH, f"nic:{name}/eth0")]
        world.see("gw", "net.icmp", f"host:{name}", Reason.OK, there, since=-900.0, at=20.0)
    assert first(world) == ("net.gateway.down", "host:gw")


def test_a_host_that_uses_another_gateway_than_the_others_has_a_wrong_one(world):
    world.alive()
    world.see(
        "web1",
        "net.route",
        "address:10.0.2.21",
        Reason.WRONG,
        [(Role.SELF, "address:10.0.2.21"), (Role.HOST, "host:db1"), (Role.OBSERVER, "host:web1")],
    )
    for name in ("db1", "db2"):
        world.see(
            "web1",
            "net.icmp",
            f"host:{name}",
            Reason.TIMEOUT,
            [
                (Role.HOST, f"host:{name}"),
                (Role.PATH, "nic:web1/eth0"),
                (Role.PATH, "gateway:10.0.1.254"),
                (Role.OBSERVER, "host:web1"),
            ],
        )
    world.ping("web2", "db1", at=8.0)
    world.ping("web2", "db2", at=8.0)
    assert first(world) == ("ip.gateway.wrong", "host:web1")


def test_no_route_said_by_the_kernel_itself_is_a_missing_route(world):
    world.alive()
    world.see("web1", "net.route", "address:10.0.2.21", Reason.NO_ROUTE, [(Role.OBSERVER, "host:web1")])
    world.ping("web1", "db1", Reason.NO_ROUTE)
    world.ping("web2", "db1", at=8.0)
    assert first(world) == ("ip.route.missing", "host:web1")


def test_two_hardware_addresses_for_one_address_are_a_duplicate(world):
    world.alive()
    world.see(
        "web1", "net.duplicate", "address:10.0.2.21", Reason.DUPLICATE, [(Role.SELF, "address:10.0.2.21")]
    )
    assert first(world) == ("ip.duplicate", "address:10.0.2.21")


def test_names_that_do_not_resolve_lead_to_the_name_server_while_ping_works(world):
    world.service("dns1/dnsmasq")
    world.edge("resolver:dns1", Relation.SERVED_BY, "service:dns1/dnsmasq")
    world.service("web1/nginx")
    world.alive()
    for name in ("web1", "web2", "app1"):
        world.dns(name, "dns1/dnsmasq", Reason.TIMEOUT)
        world.ping(name, "dns1", at=8.0)
        world.probe("app.http", name, "db1/app", 80, Reason.RESOLVE, resolver="dns1/dnsmasq", since=1.0)
        world.ping(name, "db1", at=8.0)
    assert first(world) == ("dns.server.down", "service:dns1/dnsmasq")


def test_a_name_server_without_agent_is_named_by_its_resolver(world):
    world.alive()
    for name in ("web1", "web2", "app1"):
        world.see(
            name,
            "net.dns",
            "resolver:9.9.9.9",
            Reason.TIMEOUT,
            [
                (Role.SELF, "resolver:9.9.9.9"),
                (Role.PATH, "gateway:10.0.1.1"),
                (Role.OBSERVER, f"host:{name}"),
            ],
        )
        world.ping(name, "db1", at=8.0)
    assert first(world) == ("dns.server.down", "resolver:9.9.9.9")


def test_a_name_server_that_answers_late_is_slow(world):
    world.service("dns1/dnsmasq")
    world.edge("resolver:dns1", Relation.SERVED_BY, "service:dns1/dnsmasq")
    world.alive()
    for name in ("web1", "web2", "app1"):
        world.dns(name, "dns1/dnsmasq", Reason.SLOW)
        world.ping(name, "dns1", at=8.0)
    assert first(world) == ("dns.server.slow", "service:dns1/dnsmasq")


def test_a_wrong_answer_is_a_wrong_record(world):
    world.alive()
    for name in ("web1", "web2"):
        world.see(
            name,
            "net.dns_record",
            "record:shop.lab@10.0.2.53",
            Reason.WRONG,
            [(Role.SELF, "record:shop.lab"), (Role.RESOLVER, "resolver:10.0.2.53")],
        )
    assert first(world) == ("dns.record.wrong", "record:shop.lab")


def test_a_port_that_stays_silent_on_a_host_that_answers_is_filtered(world):
    world.service("web2/nginx")
    world.alive()
    world.probe("net.tcp", "web1", "web2/nginx", 443, Reason.TIMEOUT)
    world.probe("app.http", "app1", "web2/nginx", 443, Reason.TIMEOUT, since=1.0)
    world.ping("web1", "web2", at=8.0)
    world.local("svc.port", "service:web2/nginx", Reason.OK, since=-500.0, at=8.0)
    assert first(world) == ("fw.drop", "port:web2/tcp/443")


def test_a_port_that_only_those_beyond_the_gateway_cannot_reach_is_forbidden_by_the_gateway(world):
    world.service("db1/postgresql")
    world.alive()
    for name in ("web1", "web2"):
        world.probe("net.tcp", name, "db1/postgresql", 5432, Reason.TIMEOUT)
        world.ping(name, "db1", at=8.0)
        world.probe("net.tcp", name, "db2/other", 22, at=8.0)
    world.probe("net.tcp", "db2", "db1/postgresql", 5432, at=8.0)
    assert first(world) == ("fw.gateway.acl", "flow:10.0.1.1>db1/tcp/5432")


def test_filter_on_the_host_and_on_the_way_are_one_class_until_a_neighbour_has_looked(world):
    world.service("db1/postgresql")
    world.alive()
    for name in ("web1", "web2"):
        world.probe("net.tcp", name, "db1/postgresql", 5432, Reason.TIMEOUT)
        world.ping(name, "db1", at=8.0)
    assert members(world) == {"fw.drop", "fw.gateway.acl"}


@pytest.mark.parametrize("silent", [1, 5])
def test_a_server_cut_off_by_its_own_segment_does_not_blame_the_silent_hosts(world, silent):
    for number in range(silent):
        world.host(f"node{number}", "switch:sw2")
    for name in [*world.switch]:
        if name != "hub":
            world.heartbeat(name, Reason.OVERDUE, opposite=-10.0)
    [found] = world.infer()
    assert found.root.entity in {"switch:sw1", "nic:hub/eth0", "host:hub"}


def test_hosts_that_all_lost_their_carrier_on_one_switch_have_the_switch_as_root(world):
    world.alive("db1", "db2", "hub")
    for name in ("web1", "web2", "app1"):
        world.see(
            name,
            "net.link",
            f"nic:{name}/eth0",
            Reason.CARRIER,
            [
                (Role.SELF, f"nic:{name}/eth0"),
                (Role.HOST, f"host:{name}"),
                (Role.PATH, world.switch[name]),
                (Role.OBSERVER, f"host:{name}"),
            ],
        )
        world.heartbeat(name, Reason.OVERDUE, since=15.0)
    switch = {world.switch[name] for name in ("web1", "web2", "app1")}
    assert len(switch) == 1
    assert first(world) == ("net.switch.down", switch.pop())
