"""Neighbours and duplicate addresses on a real link."""

from __future__ import annotations

import pytest

from wire.judgement import Reason, Verdict
from wire.target import NeighbourTarget

pytestmark = pytest.mark.root
GATEWAY = NeighbourTarget("10.99.0.254", "eth0")
NOBODY = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--")


def by_signal(judgements):
    return {each.signal: each for each in judgements}


def mac_of(lan, name):
    return lan.run(name, "cat", "/sys/class/net/eth0/address").strip()


@pytest.mark.parametrize("address", ["10.99.0.254", "fd99::254"])
def test_the_gateway_answers_alone(lan, address):
    found = by_signal(lan.ask("neighbour", NeighbourTarget(address, "eth0")))
    assert {each.verdict for each in found.values()} == {Verdict.PASS}
    assert found["net.neighbour"].subject == f"gateway:{address}"
    assert found["net.neighbour"].evidence["mac"] == mac_of(lan, "gw")


def test_another_host_is_an_address(lan):
    found = by_signal(lan.ask("neighbour", NeighbourTarget("10.99.0.2", "eth0")))
    assert found["net.neighbour"].subject == "address:10.99.0.2"


def test_a_gateway_that_is_gone_is_a_timeout_even_while_the_table_knows_it(lan):
    lan.run("h1", "ping", "-c1", "10.99.0.254")
    lan.run("gw", "ip", "link", "set", "eth0", "down")
    found = by_signal(lan.ask("neighbour", GATEWAY))
    assert found["net.neighbour"].reason is Reason.TIMEOUT
    assert found["net.duplicate"].verdict is Verdict.UNKNOWN


def test_a_pulled_cable_is_carrier(lan):
    lan.run("sw", "ip", "link", "set", "to-h1", "down")
    (judged,) = lan.ask("neighbour", GATEWAY)
    assert judged.reason is Reason.CARRIER


@pytest.mark.parametrize(("address", "taken"), [("10.99.0.2", "10.99.0.2/24"), ("fd99::2", "fd99::2/64")])
def test_two_machines_with_one_address_are_named_by_a_third(lan, address, taken):
    lan.spaces.add("h3")
    lan.plug("h3", "10.99.0.3", "fd99::3")
    lan.address("h3", "eth0", taken)
    found = by_signal(lan.ask("neighbour", NeighbourTarget(address, "eth0")))
    assert found["net.duplicate"].reason is Reason.DUPLICATE
    assert found["net.duplicate"].subject == f"address:{address}"
    assert set(found["net.duplicate"].evidence["macs"].split(", ")) == {mac_of(lan, "h2"), mac_of(lan, "h3")}


@pytest.mark.parametrize(("address", "taken"), [("10.99.0.1", "10.99.0.1/24"), ("fd99::1", "fd99::1/64")])
def test_somebody_elses_use_of_the_own_address_is_seen(lan, address, taken):
    lan.address("h2", "eth0", taken)
    (judged,) = lan.ask("neighbour", NeighbourTarget(address, "eth0"))
    assert (judged.signal, judged.reason) == ("net.duplicate", Reason.DUPLICATE)
    assert set(judged.evidence["macs"].split(", ")) == {mac_of(lan, "h1"), mac_of(lan, "h2")}


def test_sole_use_of_the_own_address_passes(lan):
    (judged,) = lan.ask("neighbour", NeighbourTarget("10.99.0.1", "eth0"))
    assert (judged.signal, judged.verdict) == ("net.duplicate", Verdict.PASS)


def test_the_own_address_is_found_without_its_interface(lan):
    (judged,) = lan.ask("neighbour", NeighbourTarget("10.99.0.1", ""))
    assert (judged.signal, judged.verdict) == ("net.duplicate", Verdict.PASS)


def test_a_neighbour_is_found_without_its_interface(lan):
    found = by_signal(lan.ask("neighbour", NeighbourTarget("10.99.0.2", "")))
    assert found["net.neighbour"].verdict is Verdict.PASS


def test_who_is_behind_a_gateway_is_no_neighbour(lan):
    (judged,) = lan.ask("neighbour", NeighbourTarget("192.0.2.7", ""))
    assert (judged.signal, judged.reason) == ("net.neighbour", Reason.NOT_SUPPORTED)


def test_an_address_that_was_taken_away_on_purpose_is_missed_by_nobody(lan):
    lan.address("h1", "eth0", "10.99.0.77/24")
    taken = lambda: lan.run("h1", "ip", "address", "del", "10.99.0.77/24", "dev", "eth0")  # noqa: E731 - shorter
    (judged,) = lan.ask("neighbour", NeighbourTarget("10.99.0.77", "eth0"), then=[taken])
    assert (judged.verdict, judged.reason) == (Verdict.UNKNOWN, Reason.NOT_SUPPORTED)


def test_a_table_that_names_another_mac_is_wrong(lan):
    forged = ("lladdr", "02:00:00:00:00:66", "dev", "eth0", "nud", "permanent")
    lan.run("h1", "ip", "neigh", "replace", "10.99.0.254", *forged)
    found = by_signal(lan.ask("neighbour", GATEWAY))
    assert found["net.neighbour"].reason is Reason.WRONG
    assert found["net.neighbour"].evidence["table"] == "02:00:00:00:00:66"


def test_without_permission_the_kernel_is_asked_and_the_rest_is_not_claimed(lan):
    found = by_signal(lan.ask("neighbour", GATEWAY, prefix=NOBODY))
    assert found["net.neighbour"].verdict is Verdict.PASS
    assert found["net.duplicate"].reason is Reason.NOT_PERMITTED


def test_without_permission_a_dead_gateway_is_still_a_timeout(lan):
    lan.run("gw", "ip", "link", "set", "eth0", "down")
    found = by_signal(lan.ask("neighbour", GATEWAY, prefix=NOBODY))
    assert found["net.neighbour"].reason is Reason.TIMEOUT
