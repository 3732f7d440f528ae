"""Queues before interfaces: of a real one that is too slow for what is sent, and of figures."""

from __future__ import annotations

import socket
import time

import pytest

from collectors.host import Host
from collectors.network import link_queue
from collectors.network.link_queue import Queue
from collectors.rates import LEAST_SECONDS
from tests.collectors.conftest import inside
from wire.judgement import Reason


def judged(host, *figures):
    return [link_queue.judge(host, "eth0", Queue("fq", waiting, 0), lost).reason for waiting, lost in figures]


def test_a_burst_that_overflows_once_is_nothing():
    assert judged(Host("box"), (900, 50.0), (0, 0.0), (900, 50.0)) == [Reason.OK] * 3


def test_a_queue_that_stays_full_is_told_and_its_end_too():
    reasons = judged(Host("box"), (900, 50.0), (900, 40.0), (0, 0.0))
    assert reasons == [Reason.OK, Reason.SATURATED, Reason.OK]


def test_drops_for_other_reasons_than_want_of_room_are_not_counted():
    assert judged(Host("box"), (0, 50.0), (0, 50.0)) == [Reason.OK, Reason.OK]


@pytest.fixture
def slow_line(namespaces):
    """Two ends of a cable; the near one may send some kilobytes a second."""
    namespaces.add("near")
    namespaces.add("far")
    namespaces.veth("near", "eth0", "far", "eth0")
    for line in (
        "ip addr add 192.0.2.1/24 dev eth0",
        "ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev eth0",
        "tc qdisc add dev eth0 root tbf rate 8kbit burst 2kb limit 8kb",
    ):
        namespaces.run("near", *line.split())
    return namespaces


def crowd():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
        for _ in range(50):
            way.sendto(bytes(1024), ("192.0.2.2", 9))


def test_a_line_that_is_too_slow_for_what_is_sent_is_saturated(slow_line):
    def look():
        host = Host("box")
        reasons = []
        for _ in range(3):
            crowd()
            (one,) = link_queue.read(host)
            reasons.append(one.reason)
            time.sleep(LEAST_SECONDS)
        return reasons

    assert inside(slow_line.full("near"), look) == [Reason.OK, Reason.OK, Reason.SATURATED]
