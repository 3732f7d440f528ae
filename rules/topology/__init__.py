"""How the machines hang together: inventories and declarations in, the graph and exercised entities out."""

from rules.topology.site import Site
from rules.topology.topology import Topology

__all__ = ["Site", "Topology"]
