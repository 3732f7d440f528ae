"""Large packets: through, too large with somebody who says so, and too large with nobody."""

from __future__ import annotations

import pytest

from wire.judgement import Reason, Verdict
from wire.target import MtuTarget

pytestmark = pytest.mark.root
FAR = ["10.98.0.2", "fd98::2"]
SILENT = "icmp type destination-unreachable icmp code frag-needed drop"
SILENT_6 = "icmpv6 type packet-too-big drop"


def narrow(lan, mtu: str = "1400") -> None:
    """The wire behind the gateway takes no larger packets."""
    lan.run("gw", "ip", "link", "set", "eth1", "mtu", mtu)
    lan.run("out", "ip", "link", "set", "eth0", "mtu", mtu)


@pytest.mark.parametrize("address", FAR)
def test_a_way_as_wide_as_the_link_passes_with_its_size(lan, address):
    (judged,) = lan.ask("path_mtu", MtuTarget(address))
    assert (judged.verdict, judged.value) == (Verdict.PASS, 1500.0)


@pytest.mark.parametrize("address", FAR)
def test_a_narrow_way_that_says_so_passes_with_what_it_said(lan, address):
    narrow(lan)
    (judged,) = lan.ask("path_mtu", MtuTarget(address))
    assert (judged.verdict, judged.value) == (Verdict.PASS, 1400.0)
    assert judged.evidence["told_by"] in {"10.99.0.254", "fd99::254"}


@pytest.mark.parametrize("address", FAR)
def test_a_narrow_way_that_keeps_silent_is_a_black_hole(lan, address):
    narrow(lan)
    lan.filter("gw", "output", SILENT_6 if ":" in address else SILENT)
    (judged,) = lan.ask("path_mtu", MtuTarget(address))
    assert (judged.verdict, judged.reason) == (Verdict.FAIL, Reason.WRONG)
    assert (judged.evidence["through"], judged.evidence["lost"]) == (1400, 1420)


def test_a_dropping_filter_for_large_packets_is_a_black_hole_too(lan):
    lan.filter("gw", "forward", "ip length > 1000 drop")
    (judged,) = lan.ask("path_mtu", MtuTarget("10.98.0.2"))
    assert (judged.reason, judged.evidence["through"]) == (Reason.WRONG, 1000)


def test_where_packets_of_the_largest_size_that_gets_through_get_lost_too_it_is_loss(lan):
    every_other = "icmp type echo-request ip length 1000 numgen inc mod 2 1 drop"
    lan.filter("gw", "forward", f"ip length > 1000 drop\n{every_other}")
    (judged,) = lan.ask("path_mtu", MtuTarget("10.98.0.2"))
    assert judged.verdict is Verdict.PASS


def test_who_answers_nothing_is_a_timeout(lan):
    lan.filter("out", "input", "meta l4proto icmp drop")
    (judged,) = lan.ask("path_mtu", MtuTarget("10.98.0.2"))
    assert judged.reason is Reason.TIMEOUT


def test_a_dead_neighbour_is_unreachable(lan):
    (judged,) = lan.ask("path_mtu", MtuTarget("10.99.0.77"))
    assert judged.reason is Reason.UNREACHABLE


def test_a_forbidding_filter_is_prohibited(lan):
    lan.filter("gw", "forward", "meta l4proto icmp reject with icmpx type admin-prohibited")
    (judged,) = lan.ask("path_mtu", MtuTarget("10.98.0.2"))
    assert judged.reason is Reason.PROHIBITED
