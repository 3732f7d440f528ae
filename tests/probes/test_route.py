"""Routes that are there, missing, and wrong."""

from __future__ import annotations

import pytest

from wire.judgement import Reason, Verdict
from wire.target import RouteTarget

pytestmark = pytest.mark.root
OUT = RouteTarget("10.98.0.2")


def reason(lan):
    (judged,) = lan.ask("route", OUT)
    return judged.reason


def use(lan, gateway):
    """Changes the default route, and sends something over it so that the kernel looks for the gateway."""
    lan.run("h1", "ip", "route", "replace", "default", "via", gateway)
    lan.run("h1", "sh", "-c", "ping -c1 -W1 10.98.0.2 || true")


def test_a_good_way_passes_and_is_told(lan):
    (judged,) = lan.ask("route", OUT)
    assert judged.verdict is Verdict.PASS
    assert (judged.path.interface, judged.path.gateway) == ("eth0", "10.99.0.254")


def test_ipv6_goes_its_own_way(lan):
    (judged,) = lan.ask("route", RouteTarget("fd98::2"))
    assert (judged.verdict, judged.path.gateway) == (Verdict.PASS, "fd99::254")


def test_of_two_equal_gateways_one_is_used_and_judged(lan):
    lan.address("gw", "eth0", "10.99.0.253/24")
    both = ("nexthop", "via", "10.99.0.254", "nexthop", "via", "10.99.0.253")
    lan.run("h1", "ip", "route", "replace", "default", *both)
    (judged,) = lan.ask("route", RouteTarget("10.99.0.2"))
    assert judged.verdict is Verdict.PASS
    assert judged.evidence["gateway"] in {"10.99.0.253", "10.99.0.254"}


def test_a_missing_default_route_is_no_route(lan):
    lan.run("h1", "ip", "route", "del", "default")
    assert reason(lan) is Reason.NO_ROUTE


def test_a_refusing_route_is_no_route(lan):
    lan.run("h1", "ip", "route", "add", "unreachable", "10.98.0.0/24")
    assert reason(lan) is Reason.NO_ROUTE


def test_a_lost_address_is_no_address(lan):
    lan.run("h1", "ip", "-4", "address", "flush", "dev", "eth0")
    assert reason(lan) is Reason.NO_ADDRESS


def test_a_gateway_that_is_this_host_itself_is_wrong(lan):
    lan.run("h1", "ip", "route", "replace", "default", "via", "10.99.0.77")
    lan.run("h1", "ip", "address", "add", "10.99.0.77/24", "dev", "eth0")
    assert reason(lan) is Reason.WRONG


def test_who_took_the_address_of_its_gateway_has_no_wrong_route(lan):
    lan.run("h1", "ip", "address", "add", "10.99.0.254/24", "dev", "eth0")
    (judged,) = lan.ask("route", OUT)
    assert judged.verdict is Verdict.PASS
    assert "too" in judged.evidence["error"]


def test_a_gateway_in_no_connected_subnet_is_wrong(lan):
    lan.run("h1", "ip", "route", "replace", "default", "via", "10.77.0.1", "dev", "eth0", "onlink")
    assert reason(lan) is Reason.WRONG


def test_a_gateway_reached_on_link_that_answers_is_right(lan):
    lan.address("gw", "eth0", "172.31.1.1/32")
    lan.run("h1", "ip", "route", "replace", "default", "via", "172.31.1.1", "dev", "eth0", "onlink")
    lan.run("h1", "ping", "-c1", "10.98.0.2")
    assert reason(lan) is Reason.OK


def test_a_pulled_cable_is_carrier(lan):
    lan.run("sw", "ip", "link", "set", "to-h1", "down")
    assert reason(lan) is Reason.CARRIER


@pytest.mark.parametrize("other", ["10.99.0.2", "10.99.0.99"])
@pytest.mark.parametrize("target", [OUT, RouteTarget("10.99.0.2")])
def test_a_gateway_that_replaced_a_good_one_and_does_not_forward_is_wrong(lan, other, target):
    use(lan, "10.99.0.254")
    (judged,) = lan.ask("route", target, then=[lambda: use(lan, other)])
    assert judged.reason is Reason.WRONG
    assert judged.evidence["usual_gateway"] == "10.99.0.254"


def test_a_new_gateway_that_forwards_is_right(lan):
    use(lan, "10.99.0.254")
    lan.address("gw", "eth0", "10.99.0.253/24")
    (judged,) = lan.ask("route", OUT, then=[lambda: use(lan, "10.99.0.253")])
    assert judged.reason is Reason.OK


def test_a_gateway_that_fell_silent_is_not_called_wrong(lan):
    use(lan, "10.99.0.254")
    (judged,) = lan.ask("route", OUT, then=[lambda: lan.run("gw", "ip", "link", "set", "eth0", "down")])
    assert judged.reason is Reason.OK


@pytest.mark.parametrize(("address", "found"), [("10.99.0.2", Reason.WRONG), ("10.99.0.77", Reason.OK)])
def test_a_neighbour_that_answers_and_is_sought_by_way_of_a_gateway_is_wrong(lan, address, found):
    lan.run("h1", "ip", "route", "add", f"{address}/32", "via", "10.99.0.254")
    (judged,) = lan.ask("route", RouteTarget(address))
    assert judged.reason is found
