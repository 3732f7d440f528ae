"""The shortest ways between switches, checked against all ways there are in small networks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.catalogue import load_catalogue
from rules.models import Role
from rules.topology import Site, Topology
from rules.topology.site import Switch
from rules.topology.trunks import LEAST_SHARE, Crossed, Trunks, trunk
from wire.inventory import Inventory, Nic

Edges = list[tuple[str, str]]


@st.composite
def networks(draw: st.DrawFn) -> Edges:
    """Up to seven switches, connected, with rings."""
    count = draw(st.integers(2, 7))
    names = [f"switch:{number}" for number in range(count)]
    tree = [(names[draw(st.integers(0, number - 1))], names[number]) for number in range(1, count)]
    more = draw(st.lists(st.tuples(st.sampled_from(names), st.sampled_from(names)), max_size=8))
    return [*tree, *(pair for pair in more if pair[0] != pair[1])]


def drawn(edges: Edges) -> Trunks:
    trunks = Trunks()
    for one, other in edges:
        trunks.add(one, other)
    return trunks


def ways(trunks: Trunks, start: str, end: str, passed: tuple[str, ...] = ()) -> Iterator[list[str]]:
    """Every way without a circle, as switches and trunks."""
    if start == end:
        yield [end]
        return
    for there in trunks.beside(start):
        if there not in passed:
            for rest in ways(trunks, there, end, (*passed, start)):
                yield [start, trunk(start, there), *rest]


@settings(max_examples=150, deadline=None)
@given(networks())
def test_what_can_be_gone_around_is_what_some_way_does_not_cross(edges: Edges) -> None:
    trunks = drawn(edges)
    for start, end in (edges[0], (edges[0][0], edges[-1][1])):
        every = [set(way) for way in ways(trunks, start, end)]
        for crossed in trunks.between(start, end):
            assert crossed.avoidable == (crossed.entity not in set.intersection(*every))


@settings(max_examples=150, deadline=None)
@given(networks())
def test_a_share_is_the_chance_of_crossing_it_there_or_back(edges: Edges) -> None:
    trunks = drawn(edges)
    start, end = edges[0][0], edges[-1][1]
    every = list(ways(trunks, start, end))
    shortest = [way for way in every if len(way) == min(map(len, every))]
    through = Counter(entity for way in shortest for entity in way)
    expected = {
        entity: pytest.approx(1 - (1 - count / len(shortest)) ** 2, abs=1e-3)
        for entity, count in through.items()
        if count >= LEAST_SHARE * len(shortest)
    }
    assert {each.entity: each.share for each in trunks.between(start, end)} == expected


@settings(max_examples=100, deadline=None)
@given(networks())
def test_a_bridge_is_a_trunk_that_every_way_between_its_ends_crosses(edges: Edges) -> None:
    trunks = drawn(edges)
    for one, other in edges:
        assert trunks.is_bridge(one, other) == all(
            trunk(one, other) in way for way in ways(trunks, one, other)
        )


def test_a_way_is_told_from_the_near_end_to_the_far_one() -> None:
    trunks = drawn([("switch:a", "switch:b"), ("switch:b", "switch:c")])
    told = [each.entity for each in trunks.between("switch:c", "switch:a")]
    assert told == ["switch:c", "link:b--c", "switch:b", "link:a--b", "switch:a"]


def test_switches_that_nothing_connects_are_told_alone() -> None:
    assert Trunks().between("switch:a", "switch:b") == (Crossed("switch:a"), Crossed("switch:b"))


def ring(*names: str) -> Topology:
    """A host on each of some switches in a ring."""
    topology = Topology()
    for number, name in enumerate(names):
        nic = Nic(name="eth0", addresses=(f"10.0.0.{number + 1}/24",))
        topology.update(Inventory(host=f"h{name}", nics=(nic,)))
    around = [*pairwise(names), (names[-1], names[0])]
    topology.declare(
        Site(
            switch=tuple(Switch(name=one, ports=(f"h{one}/eth0",), uplinks=(other,)) for one, other in around)
        )
    )
    return topology


def test_on_a_ring_only_the_ends_must_be_crossed() -> None:
    topology = ring("a", "b", "c", "d")
    seen = topology.exercised("ha", load_catalogue().signals["net.icmp"], "address:10.0.0.3", None)
    must = {entity for role, entity in seen if role is Role.PATH and entity.startswith(("switch", "link"))}
    may = {entity for role, entity in seen if role is Role.AVOIDABLE}
    assert must == {"switch:a", "switch:c"}
    assert may == {"switch:b", "switch:d", "link:a--b", "link:b--c", "link:a--d", "link:c--d"}
    assert dict(topology.shares("ha", "address:10.0.0.3", None)) == dict.fromkeys(may, 0.75)
