"""The cables, switches and addresses of the lab."""

from __future__ import annotations

from collections.abc import Mapping

from drills.command import run
from drills.layout import BY_NAME, CABLES, PREFIX, SWITCHES, Cable, mac_of
from drills.node import Node

BRIDGE = "br0"


def make_bridge(switch: Node) -> None:
    bridge = f"link add {BRIDGE} type bridge stp_state 0 forward_delay 0 mcast_snooping 0"
    switch.ip(bridge, f"link set {BRIDGE} up")


def wire(nodes: Mapping[str, Node], names: set[str]) -> None:
    """Plugs in every cable of these machines and sets the addresses at both ends of it."""
    mine = [cable for cable in CABLES if names & {cable.machine, cable.other}]
    for cable in mine:
        plug(nodes, cable)
    for name in sorted({end for cable in mine for end in (cable.machine, cable.other)} - set(SWITCHES)):
        address(nodes[name])


def plug(nodes: Mapping[str, Node], cable: Cable) -> None:
    node, other = nodes[cable.machine], nodes[cable.other]
    ends = f"{cable.nic} netns {node.pid} type veth peer name {cable.far} netns {other.pid}"
    run(["ip", "link", "add", *ends.split()])
    if cable.other in SWITCHES:
        other.ip(f"link set {cable.far} master {BRIDGE}", f"link set {cable.far} up")


def address(node: Node) -> None:
    """MACs, addresses and default route, as the machine's configuration has them."""
    lines = []
    for port in BY_NAME[node.name].ports:
        lines += [
            f"link set {port.nic} address {mac_of(port.address)}",
            f"addr replace {port.address}/{PREFIX} dev {port.nic}",
            f"link set {port.nic} up",
        ]
    gateways = [port for port in BY_NAME[node.name].ports if port.gateway]
    node.ip(*lines, *(f"route replace default via {port.gateway} dev {port.nic}" for port in gateways))
