"""Where there are two ways: what the network goes around is told from what it sends packets into."""

from __future__ import annotations

from itertools import pairwise

import pytest

from rules.evidence import Dated, evidence_of
from rules.inference import Engine
from rules.topology import Site, Topology
from rules.topology.site import Switch
from wire import entity as ids
from wire.inventory import Inventory, Nic
from wire.judgement import Reason, Verdict
from wire.observation import Observation

T0 = 1_000_000.0
RING = ("a", "b", "c", "d", "e")
NEXT = dict(pairwise((*RING, RING[0])))


class Around:
    """Five switches in a ring, two hosts on each, the server on ``a1``; the ways over at most two trunks."""

    def __init__(self, catalogue) -> None:
        self._catalogue = catalogue
        self.topology = Topology(server_host="a1")
        self.hosts = [f"{switch}{number}" for switch in RING for number in (1, 2)]
        self.addresses = {host: f"10.0.0.{number}" for number, host in enumerate(self.hosts, 1)}
        for host, address in self.addresses.items():
            nic = Nic(name="eth0", addresses=(f"{address}/24",))
            self.topology.update(Inventory(host=host, nics=(nic,)))
        switches = [
            Switch(name=one, ports=(f"{one}1/eth0", f"{one}2/eth0"), uplinks=(other,))
            for one, other in NEXT.items()
        ]
        self.topology.declare(Site(switch=tuple(switches)))
        self.engine = Engine(catalogue, self.topology.graph)

    def way(self, one: str, other: str) -> set[str]:
        """The shortest way: on a ring of five there is but one."""
        place = RING.index(one[0])
        for step in (1, -1):
            steps = [RING[(place + step * number) % 5] for number in range(3)]
            if other[0] in steps:
                steps = steps[: steps.index(other[0]) + 1]
                return {*steps, *("".join(sorted(pair)) for pair in pairwise(steps)), one, other}
        raise AssertionError((one, other))

    def tell(self, lost, dead=()) -> list[tuple[str, str]]:
        """``lost``: whether a packet between two hosts is; ``dead``: hosts that tell nothing more."""
        silent = {host for host in self.hosts if host in dead or (host != "a1" and lost(host, "a1"))}
        for host in self.hosts:
            if host != "a1":
                self._look("rootward", "agent.heartbeat", ids.agent(host), host in silent)
            for other in set(self.hosts) - {host}:
                address = ids.address(self.addresses[other])
                if host not in silent:
                    self._look(host, "net.icmp", address, other in dead or lost(host, other))
        return [(each.root.fault, each.entity) for each in self.engine.infer(T0 + 60.0)]

    def _look(self, observer: str, signal: str, subject: str, failed: bool) -> None:
        beat = signal == "agent.heartbeat"
        seen = Observation(
            seq=1,
            signal=signal,
            subject=subject,
            verdict=Verdict.FAIL if failed else Verdict.PASS,
            reason=(Reason.OVERDUE if beat else Reason.TIMEOUT) if failed else Reason.OK,
            at=T0 + 50.0,
            since=T0 + (30.0 if beat else 3.0) if failed else T0 - 500.0,
            confirmed=failed,
        )
        exercised = self.topology.exercised(observer, self._catalogue.signals[signal], subject, None)
        share = self.topology.shares(observer, subject, None)
        dated = Dated(seen.since, seen.at, T0 - 5.0 if failed else None, 0.05)
        self.engine.update(evidence_of(observer, seen, dated, exercised, share=share))


@pytest.fixture
def around(catalogue) -> Around:
    return Around(catalogue)


def test_a_trunk_that_swallows_what_is_sent_over_it_is_named(around):
    found = around.tell(lambda one, other: "cd" in around.way(one, other))
    assert found == [("net.link.down", "link:c--d")]


def test_a_switch_that_swallows_what_is_sent_through_it_is_named(around):
    found = around.tell(lambda one, other: "c" in around.way(one, other))
    assert found == [("net.switch.down", "switch:c")]


def test_a_dead_switch_that_all_others_go_around_is_named_by_the_hosts_it_took_along(around):
    found = around.tell(lambda one, other: "c" in (one[0], other[0]), dead={"c1", "c2"})
    assert found == [("net.switch.down", "switch:c")]


def test_one_host_lost_on_a_ring_is_the_host_and_not_its_switch(around):
    [(fault, entity)] = around.tell(lambda one, other: "c1" in (one, other), dead={"c1"})
    assert fault in {"host.down", "net.link.down"}
    assert entity in {"host:c1", "nic:c1/eth0"}


def test_a_trunk_and_a_host_elsewhere_are_two_roots(around):
    found = around.tell(
        lambda one, other: "cd" in around.way(one, other) or "b2" in (one, other), dead={"b2"}
    )
    assert {entity.partition("/")[0] for _, entity in found} <= {"link:c--d", "host:b2", "nic:b2"}
    assert len(found) == 2
