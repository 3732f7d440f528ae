"""Who pings whom."""

from __future__ import annotations

from ipaddress import ip_address
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from rules.topology import Site, Topology
from rules.topology.mesh import peers_of, seats
from rules.topology.site import Switch
from wire.exchange import MAX_PEERS
from wire.inventory import Gateway, Inventory, Nic

Mesh = dict[str, tuple[str, ...]]


def inventory(host: str, *addresses: str, gateway: str = "10.0.0.254") -> Inventory:
    nics = tuple(Nic(name=f"eth{number}", addresses=(text,)) for number, text in enumerate(addresses))
    return Inventory(host=host, nics=nics, gateways=(Gateway(address=gateway, interface="eth0"),))


def drawn(topology: Topology) -> Mesh:
    found = seats(topology.inventories.values(), topology.book, topology.wiring)
    return peers_of(found, topology.wiring, topology.way)


def flat(count: int) -> Topology:
    """One subnet, no switch known."""
    topology = Topology()
    for number in range(count):
        topology.update(inventory(f"h{number}", f"10.0.{number // 200}.{number % 200 + 1}/16"))
    return topology


def tree(parents: list[int], hosts: list[int]) -> Topology:
    """Switches in a tree (of each but the first its parent), and where each host is plugged in."""
    topology = Topology()
    for number in range(len(hosts)):
        topology.update(inventory(f"h{number}", f"10.0.{number // 200}.{number % 200 + 1}/16"))
    topology.declare(
        Site(
            switch=tuple(
                Switch(
                    name=f"s{number}",
                    ports=tuple(f"h{host}/eth0" for host, at in enumerate(hosts) if at == number),
                    uplinks=(f"s{parents[number - 1]}",) if number else (),
                )
                for number in range(len(parents) + 1)
            )
        )
    )
    return topology


def observers(topology: Topology, mesh: Mesh) -> dict[frozenset[str], set[str]]:
    """Each pair of things side by side on some way → the hosts that look over it."""
    found: dict[frozenset[str], set[str]] = {}
    for host, peers in mesh.items():
        for address in peers:
            for pair in pairwise(topology.way(host, address)):
                found.setdefault(frozenset(pair), set()).add(host)
    return found


@st.composite
def trees(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    count = draw(st.integers(0, 12))
    parents = [draw(st.integers(0, number)) for number in range(count)]
    hosts = draw(st.lists(st.integers(0, count), min_size=2, max_size=40))
    return parents, hosts


@settings(max_examples=60, deadline=None)
@given(trees())
def test_every_link_between_hosts_has_two_observers(shape: tuple[list[int], list[int]]) -> None:
    topology = tree(*shape)
    mesh = drawn(topology)
    seen = observers(topology, mesh)
    addresses = {h: str(topology.book.attachments(h)[0].interface.ip) for h in topology.inventories}
    possible: dict[frozenset[str], set[str]] = {}
    for host in addresses:
        for other, address in addresses.items():
            for pair in pairwise(topology.way(host, address)) if other != host else ():
                possible.setdefault(frozenset(pair), set()).add(host)
    assert {link for link in possible if len(seen.get(link, ())) < min(2, len(possible[link]))} == set()


@settings(max_examples=60, deadline=None)
@given(trees())
def test_no_host_has_more_than_ten_peers_or_itself(shape: tuple[list[int], list[int]]) -> None:
    topology = tree(*shape)
    for host, peers in drawn(topology).items():
        assert len(set(peers)) == len(peers) <= MAX_PEERS
        owners = [topology.book.owner(address) for address in peers]
        assert all(owner is not None and owner.host != host for owner in owners)


def test_a_host_that_comes_moves_few_others() -> None:
    before = drawn(flat(200))
    after = drawn(flat(201))
    changed = [host for host in before if before[host] != after[host]]
    assert len(changed) <= 4


def test_the_order_in_which_hosts_came_does_not_matter() -> None:
    forth, back = Topology(), Topology()
    hosts = [inventory(f"h{number}", f"10.0.{number % 3}.{number + 1}/24") for number in range(30)]
    for each in hosts:
        forth.update(each)
    for each in reversed(hosts):
        back.update(each)
    assert drawn(forth) == drawn(back)


def test_other_subnets_are_looked_at_from_two_hosts() -> None:
    topology = Topology()
    for subnet in range(3):
        for number in range(4):
            topology.update(inventory(f"h{subnet}-{number}", f"10.0.{subnet}.{number + 1}/24"))
    mesh = drawn(topology)
    for subnet in range(3):
        lookers = {
            host
            for host, peers in mesh.items()
            if any(address.startswith(f"10.0.{subnet}.") for address in peers)
            and not host.startswith(f"h{subnet}-")
        }
        assert len(lookers) >= 2


def test_what_several_hosts_call_their_own_is_nobodys_peer() -> None:
    topology = Topology()
    for number in range(4):
        topology.update(inventory(f"h{number}", f"10.0.0.{number + 1}/24", "172.17.0.1/16"))
    assert not any("172.17.0.1" in peers for peers in drawn(topology).values())


def test_only_hosts_on_the_same_segment_look_at_a_public_address() -> None:
    topology = Topology()
    for number in range(2):
        topology.update(inventory(f"a{number}", f"8.8.8.{number + 1}/24"))
        topology.update(inventory(f"b{number}", f"10.0.0.{number + 1}/24"))
    mesh = drawn(topology)
    assert mesh["a0"] == ("8.8.8.2",)
    assert all(ip_address(address).is_private for host in ("b0", "b1") for address in mesh[host])


def test_a_lone_host_has_no_peers() -> None:
    assert drawn(flat(1)) == {"h0": ()}
