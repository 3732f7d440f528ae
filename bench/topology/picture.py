"""The same network as the product knows it: imported from a drawing, with an inventory of each host."""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

from bench.topology.network import SERVER, Look, Network
from rules.topology import Site, Topology
from rules.topology.drawing import read_drawing
from rules.topology.imported import switches_of
from rules.topology.mesh import peers_of, seats
from wire.inventory import Inventory, Nic


class Picture:
    """And who looks at whom: the server waits for heartbeats, hosts ping whom the mesh tells them."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.topology = Topology(server_host=network.hub)
        self.addresses = {host: f"10.{n // 250}.{n % 250}.1" for n, host in enumerate(sorted(network.at))}
        self.hosts = {address: host for host, address in self.addresses.items()}
        for host, address in self.addresses.items():
            self.topology.update(Inventory(host=host, nics=(Nic(name="eth0", addresses=(f"{address}/8",)),)))
        switches = switches_of(read_drawing(graphml(network).encode()), dict.fromkeys(network.at, ("eth0",)))
        self.topology.declare(Site(switch=switches))
        found = seats(self.topology.inventories.values(), self.topology.book, self.topology.wiring)
        mesh = peers_of(found, self.topology.wiring, self.topology.way)
        self.looks = [Look(SERVER, host) for host in sorted(network.at) if host != network.hub]
        self.looks += [Look(host, self.hosts[peer]) for host in sorted(mesh) for peer in mesh[host]]


def graphml(network: Network) -> str:
    lines = ['<graphml><key id="k" for="node" attr.name="type"/><graph edgedefault="undirected">']
    for kind, names in (("switch", network.switches), ("host", sorted(network.at))):
        lines += [f'<node id={quoteattr(name)}><data key="k">{kind}</data></node>' for name in names]
    for one, other in (*network.links, *network.at.items()):
        lines.append(f"<edge source={quoteattr(one)} target={quoteattr(other)}/>")
    return "".join([*lines, "</graph></graphml>"])
