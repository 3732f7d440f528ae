"""Ways through a gateway, to a host, to a dead end, and round in circles."""

from __future__ import annotations

import pytest

from wire.judgement import Reason, Verdict
from wire.target import TraceTarget

pytestmark = pytest.mark.root
FAR = [("10.98.0.2", "10.99.0.254"), ("fd98::2", "fd99::254")]


@pytest.mark.parametrize("port", [0, 9])
@pytest.mark.parametrize(("address", "gateway"), FAR)
def test_the_gateway_and_the_far_end_are_named_in_order(lan, address, gateway, port):
    for router in ("gw", "out"):  # until then they may not speak
        lan.wait(router, '[ -z "$(ip -6 address show tentative)" ]')
    (judged,) = lan.ask("trace", TraceTarget(address, port))
    assert (judged.verdict, judged.value) == (Verdict.PASS, 2.0)
    hops = [hop.split()[0] for hop in str(judged.evidence["hops"]).split(" > ")]
    assert hops == [gateway, address]


def test_a_neighbour_is_one_hop_away(lan):
    (judged,) = lan.ask("trace", TraceTarget("10.99.0.2"))
    assert (judged.verdict, judged.value) == (Verdict.PASS, 1.0)


def test_a_filter_shows_where_it_stands(lan):
    lan.filter("gw", "forward", "tcp dport 443 reject with icmpx type admin-prohibited")
    (judged,) = lan.ask("trace", TraceTarget("10.98.0.2", 443))
    assert (judged.reason, judged.evidence["last"]) == (Reason.PROHIBITED, "10.99.0.254")


def test_a_silent_filter_ends_the_way_at_the_last_who_answered(lan):
    lan.filter("out", "input", "meta l4proto icmp drop")
    (judged,) = lan.ask("trace", TraceTarget("10.98.0.2"))
    assert (judged.reason, judged.evidence["last"]) == (Reason.TIMEOUT, "10.99.0.254")


def test_two_routers_that_point_at_each_other_are_a_circle(lan):
    lan.run("h2", "sysctl", "-qw", "net.ipv4.ip_forward=1")
    lan.run("gw", "ip", "route", "add", "10.55.0.0/16", "via", "10.99.0.2")
    lan.run("gw", "sysctl", "-qw", "net.ipv4.icmp_ratelimit=0")
    lan.run("h2", "sysctl", "-qw", "net.ipv4.icmp_ratelimit=0")
    (judged,) = lan.ask("trace", TraceTarget("10.55.0.1"))
    assert judged.reason is Reason.WRONG
    assert str(judged.evidence["circle"]).startswith("10.99.0.254 > 10.99.0.2 > 10.99.0.254")


def test_a_dead_gateway_is_unreachable(lan):
    (judged,) = lan.ask(
        "trace",
        TraceTarget("10.98.0.2"),
        then=[lambda: lan.run("gw", "ip", "link", "set", "eth0", "down")],
    )
    assert judged.reason is Reason.UNREACHABLE


def test_a_host_without_a_route_says_so(lan):
    lan.run("h1", "ip", "route", "del", "default")
    (judged,) = lan.ask("trace", TraceTarget("10.98.0.2"))
    assert judged.reason is Reason.NO_ROUTE
