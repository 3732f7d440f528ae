"""Pings in a network of namespaces."""

from __future__ import annotations

import sys

import pytest

from probes.packets.echo_judge import Past, Replies, judge, lasting
from probes.path import Way
from wire.judgement import Path, Reason, Verdict
from wire.target import IcmpTarget

pytestmark = pytest.mark.root
H2, H2_V6, OUT = IcmpTarget("10.99.0.2"), IcmpTarget("fd99::2"), IcmpTarget("10.98.0.2")
UNEVEN = """
import pathlib, socket, struct, sys, time
door = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
pathlib.Path(sys.argv[1]).touch()
while True:
    packet, peer = door.recvfrom(2048)
    if packet[20] != 8:
        continue
    if struct.unpack_from("!H", packet, 26)[0] == 1:
        time.sleep(0.4)
    reply = bytes(4) + packet[24:]
    total = sum(struct.unpack(f"!{len(reply) // 2}H", reply))
    total = (total & 0xFFFF) + (total >> 16)
    total = (total & 0xFFFF) + (total >> 16)
    door.sendto(reply[:2] + struct.pack("!H", total ^ 0xFFFF) + reply[4:], peer)
"""
"""Answers echoes in the kernel's place, the second of them 0.4 s late."""
NOBODY = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--")


def test_living_hosts_pass_in_both_families(lan):
    found = {each.subject: each for each in lan.ask("icmp", H2, H2_V6, OUT)}
    assert {each.verdict for each in found.values()} == {Verdict.PASS}
    assert set(found) == {"address:10.99.0.2", "address:fd99::2", "address:10.98.0.2"}


def test_a_pass_tells_the_way_that_was_taken(lan):
    (judged,) = lan.ask("icmp", OUT)
    assert (judged.path.interface, judged.path.source, judged.path.gateway, judged.path.address) == (
        "eth0",
        "10.99.0.1",
        "10.99.0.254",
        "10.98.0.2",
    )


def test_the_round_trip_is_measured_by_kernel_time(lan):
    (judged,) = lan.ask("icmp", H2)
    assert 0 < judged.value < 0.5


def test_replies_that_come_after_unequal_times_make_jitter(lan, serve, tmp_path):
    ready = tmp_path / "ready"
    lan.run("h2", "sysctl", "-qw", "net.ipv4.icmp_echo_ignore_all=1")
    serve(*lan.spaces.argv("h2", sys.executable, "-c", UNEVEN, str(ready)))
    lan.wait("h2", f"test -e {ready}")
    (uneven,) = lan.ask("icmp", H2)
    assert uneven.evidence["jitter_ms"] > 1


def test_the_jitter_is_the_mean_change_from_one_round_trip_to_the_next():
    replies = Replies(3, 3, 0, 1_000_000, 2_500_000, None)
    judged = judge(Way(Path(address="10.0.0.1")), replies, Past())
    assert (judged.verdict, judged.evidence) == (Verdict.PASS, {"jitter_ms": 2.5})


def test_the_round_trip_is_right_where_the_clock_is_not(lan):
    (judged,) = lan.ask("icmp", H2, prefix=("faketime", "1 hour ago"))
    assert 0 < judged.value < 5


def test_an_address_nobody_has_is_unreachable(lan):
    judged = lan.ask("icmp", IcmpTarget("10.99.0.77"), IcmpTarget("fd99::77"))
    assert {each.reason for each in judged} == {Reason.UNREACHABLE}


def test_a_host_that_just_died_is_unreachable_though_the_kernel_still_believes_in_it(lan):
    (judged,) = lan.ask("icmp", H2, then=[lambda: lan.run("h2", "ip", "link", "set", "eth0", "down")])
    assert judged.reason is Reason.UNREACHABLE


def test_silence_behind_a_living_neighbour_is_a_timeout(lan):
    lan.filter("h2", "input", "icmp type echo-request drop")
    (judged,) = lan.ask("icmp", H2)
    assert (judged.verdict, judged.reason) == (Verdict.FAIL, Reason.TIMEOUT)


@pytest.mark.parametrize("kind", ["admin-prohibited", "host-prohibited", "net-prohibited"])
def test_a_filter_that_says_so_is_prohibited(lan, kind):
    lan.filter("gw", "forward", f"meta l4proto icmp reject with icmp type {kind}")
    (judged,) = lan.ask("icmp", OUT)
    assert judged.reason is Reason.PROHIBITED
    assert judged.evidence["icmp_from"] == "10.99.0.254"


def test_a_router_without_a_way_is_named_as_unreachable(lan):
    (judged,) = lan.ask("icmp", IcmpTarget("10.55.0.1"))
    assert judged.reason is Reason.UNREACHABLE
    assert judged.evidence["icmp_from"] == "10.99.0.254"


def test_no_default_route_is_no_route(lan):
    lan.run("h1", "ip", "route", "del", "default")
    (judged,) = lan.ask("icmp", OUT)
    assert judged.reason is Reason.NO_ROUTE


def test_a_pulled_cable_is_carrier(lan):
    lan.run("sw", "ip", "link", "set", "to-h1", "down")
    judged = lan.ask("icmp", H2, OUT)
    assert {each.reason for each in judged} == {Reason.CARRIER}


def test_an_interface_set_down_is_carrier_for_its_own_subnet(lan):
    lan.run("h1", "ip", "link", "set", "eth0", "down")
    (judged,) = lan.ask("icmp", H2)
    assert (judged.reason, judged.path.interface) == (Reason.CARRIER, "eth0")


def test_lost_echoes_are_loss(lan):
    lan.filter("h2", "input", "icmp type echo-request numgen inc mod 2 0 drop")
    (judged,) = lan.ask("icmp", H2)
    assert judged.reason is Reason.LOSS
    assert judged.evidence["lost"] == 5
    assert judged.evidence["sent"] == 10


def test_after_a_loss_three_echoes_that_happen_to_get_through_prove_nothing():
    way = Way(Path(address="10.0.0.9"))
    past = Past()
    assert judge(way, Replies(10, 6, 0, 1000, 0, None), past).reason is Reason.LOSS
    assert past.lossy
    assert judge(way, Replies(10, 10, 0, 1000, 0, None), past).verdict is Verdict.PASS
    assert not past.lossy


def test_one_lost_echo_is_nobodys_fault(lan):
    lan.filter("h2", "input", "icmp type echo-request numgen inc mod 100 1 drop")
    (judged,) = lan.ask("icmp", H2)
    assert (judged.verdict, judged.evidence["lost"]) == (Verdict.PASS, 1)


def test_the_owner_of_a_ping_group_needs_no_capability(lan):
    lan.run("h1", "sysctl", "-qw", "net.ipv4.ping_group_range=0 2147483647")
    judged = lan.ask("icmp", H2, H2_V6, IcmpTarget("10.99.0.77"), prefix=NOBODY)
    assert {each.subject: each.reason for each in judged} == {
        "address:10.99.0.2": Reason.OK,
        "address:fd99::2": Reason.OK,
        "address:10.99.0.77": Reason.UNREACHABLE,
    }


def test_without_any_permission_the_answer_says_how_to_grant_it(lan):
    lan.run("h1", "sysctl", "-qw", "net.ipv4.ping_group_range=1 0")
    (judged,) = lan.ask("icmp", H2, prefix=NOBODY)
    assert (judged.verdict, judged.reason) == (Verdict.UNKNOWN, Reason.NOT_PERMITTED)
    assert "ping_group_range" in str(judged.evidence["why"])


def test_a_thousand_targets_are_asked_in_one_round(lan):
    targets = [IcmpTarget(f"127.0.{n // 250}.{n % 250 + 1}") for n in range(1000)]
    judged = lan.ask("icmp", *targets)
    assert len(judged) == 1000
    assert {each.verdict for each in judged} == {Verdict.PASS}


def test_what_is_no_address_is_unknown(lan):
    (judged,) = lan.ask("icmp", IcmpTarget("10.99.0"))
    assert judged.reason is Reason.UNREADABLE


def test_a_filter_of_this_host_is_prohibited(lan):
    lan.filter("h1", "output", "ip daddr 10.99.0.2 icmp type echo-request drop")
    found = {each.subject: each.reason for each in lan.ask("icmp", H2, OUT)}
    assert found == {"address:10.99.0.2": Reason.PROHIBITED, "address:10.98.0.2": Reason.OK}


def test_the_errors_of_other_programs_are_not_ours(lan, serve):
    lan.run("gw", "sysctl", "-qw", "net.ipv4.icmp_ratelimit=0", "net.ipv4.icmp_msgs_per_sec=100000")
    serve(*lan.spaces.argv("h1", "fping", "-l", "-q", "-p", "10", "-i", "1", "-g", "10.55.0.0/26"))
    lan.wait("h1", "pgrep -x fping >/dev/null")
    judged = lan.ask("icmp", H2, OUT, then=[lambda: None])
    assert {each.verdict for each in judged} == {Verdict.PASS}
    assert {each.value < 0.5 for each in judged} == {True}


def test_round_trips_that_stay_long_are_told_apart_from_one_slow_round():
    past, said = Past(), []
    for milliseconds in (1, 1, 1, 1, 90, 90, 90, 90, 90, 1):
        replies = Replies(3, 3, 0, milliseconds * 1_000_000, 0, None)
        judged = judge(Way(Path(address="10.0.0.1")), replies, past)
        said.append([(one.verdict, one.reason) for one in lasting(judged, past)])
    slow = (Verdict.WARN, Reason.SLOW)
    assert said == [[]] * 7 + [[slow], [slow], [(Verdict.PASS, Reason.OK)]]
