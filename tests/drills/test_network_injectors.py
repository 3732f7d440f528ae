"""Each injector that spoils the way of packets, names or connections does what it says, and undoes it."""

from __future__ import annotations

import time

import pytest

from drills.injectors.cable import CableBad, LinkFlaps
from drills.injectors.names import AnswersLate, ForwarderBroken
from drills.injectors.queues import QueueIgnored
from drills.lab import Lab
from drills.layout import BY_NAME
from tests.drills.seeing import pings, shop_works, soon

pytestmark = pytest.mark.root


def rtt(lab: Lab, to: str) -> float:
    """Milliseconds."""
    said = (
        lab["web2"].run("ping", "-n", "-q", "-c", "3", "-i", "0.2", BY_NAME[to].address, check=False).stdout
    )
    return float(said.rpartition("mdev = ")[2].split("/")[0] or "inf")


def test_a_long_way_round_delays_and_loses_nothing(lab: Lab) -> None:
    with CableBad(host="app1", delay=40.0).harm(lab):
        assert soon(lambda: 80 <= rtt(lab, "app1") < float("inf"))
        assert shop_works(lab)
    assert soon(lambda: rtt(lab, "app1") < 40)


def test_damage_is_found_out_by_checksums(lab: Lab) -> None:
    def refused() -> int:
        names, figures = (
            line.split() for line in lab["db1"].run("cat", "/proc/net/snmp").stdout.splitlines()[2:4]
        )
        return int(figures[names.index("InCsumErrors")])

    before = refused()
    with CableBad(host="db1", damage=50.0).harm(lab):
        assert pings(lab["mon1"], "db1", 100) < 90
    assert refused() > before
    assert soon(lambda: pings(lab["mon1"], "db1", 50) == 50)


def test_a_flapping_link_changes_its_carrier_again_and_again(lab: Lab) -> None:
    changes = lab["web1"].path("/sys/class/net/eth0/carrier_changes")
    before = int(changes.read_text())
    with LinkFlaps(host="web1", down=0.2, up=0.2).harm(lab):
        assert soon(lambda: int(changes.read_text()) >= before + 6)
    assert soon(lambda: pings(lab["web2"], "web1"))


def test_a_slow_name_server_answers_late(lab: Lab) -> None:
    def seconds() -> float:
        began = time.monotonic()
        lab["ws1"].run("getent", "hosts", "web1.lab.test")
        return time.monotonic() - began

    with AnswersLate(seconds=1.0).harm(lab):
        assert seconds() >= 1.0
    assert soon(lambda: seconds() < 1.0)


def test_a_broken_forwarder_leaves_no_name(lab: Lab) -> None:
    with ForwarderBroken().harm(lab):
        assert soon(lambda: lab["ws1"].run("getent", "hosts", "web1.lab.test", check=False).returncode)
    assert shop_works(lab)


def test_a_queue_that_nobody_empties_fills(lab: Lab) -> None:
    def waiting() -> int:
        return int(lab["app2"].run("ss", "-Htln", "sport", "7000").stdout.split()[1])

    with QueueIgnored(host="app2", by="ws1").harm(lab):
        assert soon(lambda: waiting() >= 8)
    assert soon(lambda: waiting() < 8)
