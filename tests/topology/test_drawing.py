"""Drawings of other programs, hostile ones too, and the switches that they declare."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.topology import Site, Topology
from rules.topology.drawing import BadDrawing, read_drawing, read_gml
from rules.topology.exported import dot, graphml
from rules.topology.imported import switches_of
from rules.topology.picture import picture
from rules.topology.site import Switch
from wire.inventory import Gateway, Inventory, Nic

GRAPHML = """<?xml version="1.0"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
  <key id="d0" for="node" attr.name="label" attr.type="string"/>
  <key id="d1" for="node" attr.name="type" attr.type="string"/>
  <key id="d2" for="edge" attr.name="interface" attr.type="string"/>
  <graph edgedefault="undirected">
    <node id="0"><data key="d0">core1</data><data key="d1">core</data></node>
    <node id="1"><data key="d0">sw1</data><data key="d1">switch</data></node>
    <node id="2"><data key="d0">web1</data><data key="d1">server</data></node>
    <edge source="0" target="1"/>
    <edge source="2" target="1"><data key="d2">eth7</data></edge>
  </graph>
</graphml>"""
GML = """# made by hand
graph [
  directed 0
  node [ id 0 label "core1" type "core" graphics [ x 1.5 y -2 ] ]
  node [ id 1 label "R&#38;D" type "switch" ]
  node [ id 2 label "web1" ]
  edge [ source 1 target 0 ]
  edge [ source 1 target 2 ]
]"""
BOMB = b'<!DOCTYPE a [<!ENTITY x "xxxxxxxx"><!ENTITY y "&x;&x;">]><graphml>&y;</graphml>'


def test_graphml_tells_switches_ports_and_uplinks() -> None:
    assert switches_of(read_drawing(GRAPHML.encode()), {}) == (
        Switch(name="core1"),
        Switch(name="sw1", ports=("web1/eth7",), uplinks=("core1",)),
    )


def test_gml_tells_the_same_and_a_known_host_by_its_name() -> None:
    assert switches_of(read_drawing(GML.encode()), {"web1": ("eth0",)}) == (
        Switch(name="core1"),
        Switch(name="R&D", ports=("web1/eth0",), uplinks=("core1",)),
    )


def test_a_host_with_several_interfaces_must_be_told_by_which() -> None:
    with pytest.raises(BadDrawing, match="which interface of web1"):
        switches_of(read_drawing(GML.encode()), {"web1": ("eth0", "eth1")})


def test_without_a_core_the_middle_is_it() -> None:
    chain = "graph [" + "".join(f' node [ id {n} label "s{n}" ]' for n in range(5))
    chain += "".join(f" edge [ source {n} target {n + 1} ]" for n in range(4)) + " ]"
    uplinks = {each.name: each.uplinks for each in switches_of(read_gml(chain), {})}
    assert uplinks == {"s0": ("s1",), "s1": ("s2",), "s2": (), "s3": ("s2",), "s4": ("s3",)}


@pytest.mark.parametrize(
    "content",
    [
        BOMB,
        b"<graphml><graph>",
        b"<graphml><graph><edge source='1' target='2'/></graph></graphml>",
        b"<graphml>" + b"<graph>" * 5000,
        b"graph [ node [ id 1 ]",
        b"graph [" * 5000,
        b"graph [ ] ]",
        b"hello",
        b"",
        b"<?xml version='1.0' encoding='nonsense'?><graphml/>",
    ],
)
def test_what_is_no_drawing_is_refused(content: bytes) -> None:
    with pytest.raises(BadDrawing):
        read_drawing(content)


@settings(max_examples=200, deadline=None)
@given(st.binary() | st.text("<>/graphml node edge id=source target'\" []0123 data key", max_size=200))
def test_no_bytes_do_more_than_be_refused(content: bytes | str) -> None:
    raw = content if isinstance(content, bytes) else content.encode()
    for given_bytes in (raw, b"<graphml>" + raw, b"graph [" + raw + b"]"):
        with suppress(BadDrawing):
            switches_of(read_drawing(given_bytes), {})


def site() -> tuple[Topology, Site]:
    topology = Topology()
    for number in (1, 2):
        topology.update(
            Inventory(
                host=f"web{number}",
                nics=(Nic(name="eth0", addresses=(f"10.0.0.{number}/24",)), Nic(name="eth1")),
                gateways=(Gateway(address="10.0.0.254", interface="eth0"),),
                tags={"site": 'a"b<c>\\'},
                at=100.0,
            )
        )
    declared = Site(
        switch=(
            Switch(name="sw1", ports=("web1/eth0", "web2/eth0"), uplinks=("sw2",)),
            Switch(name="sw2"),
        )
    )
    topology.declare(declared, at=50.0)
    return topology, declared


def test_what_is_exported_declares_the_same_when_imported() -> None:
    topology, declared = site()
    shown = picture(topology.graph.edges(), (), lambda edge: edge.at, 160.0)
    again = switches_of(read_drawing(graphml(shown).encode()), {"web1": ("eth0", "eth1")})
    assert set(again) == set(declared.switch)


def test_each_edge_says_how_it_is_known_and_how_old_that_is() -> None:
    topology, _ = site()
    shown = picture(topology.graph.edges(), (), lambda edge: edge.at, 160.0)
    told = {(edge.child, edge.parent): (edge.source, edge.age) for edge in shown.edges}
    assert told[("switch:sw1", "switch:sw2")] == ("declared", 110.0)
    assert told[("nic:web1/eth0", "switch:sw1")] == ("declared", 110.0)
    assert told[("nic:web1/eth0", "host:web1")] == ("discovered", 60.0)


def test_names_break_out_of_no_quotes() -> None:
    topology, _ = site()
    shown = picture(topology.graph.edges(), (), lambda edge: edge.at, 160.0)
    assert 'site:a"b<c>\\' in read_drawing(graphml(shown).encode()).nodes
    assert '"site:a\\"b<c>\\\\"' in dot(shown)
