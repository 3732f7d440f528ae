"""Carriers of real cables between network namespaces."""

from __future__ import annotations

import asyncio

import pytest

from collectors.host import Host
from collectors.network import link, link_errors
from tests.collectors.conftest import about, inside
from wire.judgement import Judgement, Reason

pytestmark = pytest.mark.root


@pytest.fixture
def cable(namespaces):
    """Two ends; the near one is judged."""
    namespaces.add("near")
    namespaces.add("far")
    namespaces.veth("near", "eth0", "far", "eth1")
    namespaces.run("near", "ip", "address", "add", "10.9.0.1/24", "dev", "eth0")
    return namespaces


def _read(cable, host: Host) -> list[Judgement]:
    return inside(cable.full("near"), lambda: list(link.read(host)))


def test_a_cable_in_use_has_its_carrier(cable, host):
    assert about(_read(cable, host), "net.link", "/eth0").reason is Reason.OK


def test_a_far_end_that_is_down_takes_the_carrier_away(cable, host):
    _read(cable, host)
    cable.run("far", "ip", "link", "set", "eth1", "down")
    verdict = about(_read(cable, host), "net.link", "/eth0")
    assert (verdict.reason, verdict.evidence["state"]) == (Reason.CARRIER, "no carrier")


def test_an_interface_set_down_by_hand_says_so(cable, host):
    _read(cable, host)
    cable.run("near", "ip", "link", "set", "eth0", "down")
    verdict = about(_read(cable, host), "net.link", "/eth0")
    assert (verdict.reason, verdict.evidence["state"]) == (Reason.CARRIER, "set down by hand")


def test_an_interface_that_was_taken_away_is_missed(cable, host):
    _read(cable, host)
    cable.run("near", "ip", "link", "del", "eth0")
    verdict = about(_read(cable, host), "net.link", "/eth0")
    assert (verdict.reason, verdict.evidence["state"]) == (Reason.CARRIER, "gone")


def test_three_losses_in_a_minute_are_flapping(cable, host):
    _read(cable, host)
    for state in ("down", "up") * 3:
        cable.run("far", "ip", "link", "set", "eth1", state)
    assert about(_read(cable, host), "net.link", "/eth0").reason is Reason.FLAPPING


def test_one_loss_in_a_minute_is_not_flapping(cable, host):
    _read(cable, host)
    for state in ("down", "up"):
        cable.run("far", "ip", "link", "set", "eth1", state)
    assert about(_read(cable, host), "net.link", "/eth0").reason is Reason.OK


def test_an_interface_never_used_and_the_loopback_are_silent(cable, host):
    cable.run("near", "ip", "link", "add", "spare0", "type", "veth", "peer", "name", "spare1")
    assert [one.subject for one in _read(cable, host)] == ["nic:box/eth0"]


def test_the_end_of_a_containers_cable_is_not_judged(cable, host):
    cable.run("near", "ip", "link", "add", "br0", "type", "bridge")
    cable.run("near", "ip", "link", "set", "eth0", "master", "br0")
    assert _read(cable, host) == []


def test_an_interface_in_use_is_remembered_over_a_restart(cable, host):
    _read(cable, host)
    cable.run("near", "ip", "address", "flush", "dev", "eth0")
    cable.run("far", "ip", "link", "set", "eth1", "down")
    restarted = Host("box", remembered=host.remembered)
    assert about(_read(cable, restarted), "net.link", "/eth0").reason is Reason.CARRIER


def test_the_kernel_announces_a_lost_carrier(cable, host):
    async def first() -> Judgement:
        loop = asyncio.get_running_loop()
        down = ("far", "ip", "link", "set", "eth1", "down")
        loop.call_later(0.3, lambda: loop.run_in_executor(None, cable.run, *down))
        async with asyncio.timeout(100):
            async for judgement in link.follow(host):
                if judgement.reason is Reason.CARRIER:
                    return judgement
        raise AssertionError("the follower ended")

    _read(cable, host)
    assert inside(cable.full("near"), lambda: asyncio.run(first())).subject == "nic:box/eth0"


def test_broken_packets_are_judged_by_their_rate(tree):
    folder = "/sys/class/net/eth0"
    for name, text in {"flags": "0x1003", "type": "1", "carrier": "1", "ifindex": "2"}.items():
        tree.write(f"{folder}/{name}", text)
    counters = {"rx_packets": 1000, "tx_packets": 1000, "rx_errors": 0, "rx_crc_errors": 0}
    host = tree.host()
    for broken in (0, 500):
        for name, count in (counters | {"rx_errors": broken, "rx_crc_errors": broken}).items():
            tree.write(f"{folder}/statistics/{name}", str(count))
        verdicts = list(link_errors.read(host))
        tree.clock.pass_by(15)
    assert [(one.reason, one.evidence["rx_crc_errors"]) for one in verdicts] == [(Reason.ERRORS, 33.333)]
