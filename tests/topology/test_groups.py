"""Redundancy that shows in inventories, and redundancy that is declared."""

from __future__ import annotations

import pytest

from rules.models import Relation
from rules.topology import Site, Topology
from rules.topology.site import GroupTable
from wire.inventory import Connection, Gateway, Inventory, Listener, Nic


def host(name: str, number: int, *services: str, to: tuple[tuple[str, int], ...] = ()) -> Inventory:
    """``to``: (service of ours, number of the other host); every service listens on 7000."""
    return Inventory(
        host=name,
        nics=(Nic(name="eth0", addresses=(f"10.0.0.{number}/24",)),),
        listeners=tuple(Listener(service=each, port=7000) for each in services),
        connections=tuple(Connection(service=own, address=f"10.0.0.{far}", port=7000) for own, far in to),
    )


def site(*inventories: Inventory) -> Topology:
    topology = Topology()
    for each in inventories:
        topology.update(each)
    return topology


def needs(topology: Topology, service: str) -> set[str]:
    """What it depends on, doors and flows left out."""
    edges = topology.graph.parents(service)
    parents = {edge.parent for edge in edges if edge.relation is Relation.DEPENDS_ON}
    return {each for each in parents if not each.startswith(("port:", "flow:"))}


WEB = (host("web1", 1, "nginx"), host("web2", 2, "nginx"))


def test_what_a_balancer_passes_on_to_is_a_pool_and_it_leans_on_the_pool() -> None:
    topology = site(*WEB, host("lb1", 9, to=(("haproxy", 1), ("haproxy", 2))))
    (group,) = topology.graph.groups.values()
    assert (group.members, group.need, group.balanced) == (
        ("service:web1/nginx", "service:web2/nginx"),
        1,
        True,
    )
    assert needs(topology, "service:lb1/haproxy") == {group.id}


def test_what_an_application_uses_several_of_is_no_pool() -> None:
    topology = site(*WEB, host("app1", 9, to=(("app", 1), ("app", 2))))
    assert topology.graph.groups == {}


def test_a_pool_that_is_used_no_longer_is_forgotten_after_a_while() -> None:
    topology = site(*WEB, host("lb1", 9, to=(("haproxy", 1), ("haproxy", 2))))
    topology.forget("lb1")
    assert (topology.graph.groups, list(topology.graph.groups_of("service:web1/nginx"))) == ({}, [])


@pytest.mark.parametrize(("software", "need"), [("postgresql", 1), ("etcd", 2)])
def test_services_that_keep_copies_of_each_other_are_replicas(software: str, need: int) -> None:
    topology = site(
        host("db1", 1, software),
        host("db2", 2, software),
        host("db3", 3, software, to=((software, 1), (software, 2))),
    )
    (group,) = topology.graph.groups.values()
    assert group.members == tuple(f"service:db{number}/{software}" for number in (1, 2, 3))
    assert (group.need, group.balanced, group.source) == (need, False, "discovered")


def test_two_gateways_are_one_group_for_all_who_have_both() -> None:
    both = tuple(Gateway(address=f"10.0.0.{number}", interface="eth0") for number in (253, 254))
    one, other = (Inventory(host=name, gateways=both) for name in ("web1", "web2"))
    topology = site(one, other)
    assert list(topology.graph.groups) == ["group:gateways 10.0.0.253+10.0.0.254"]
    topology.forget("web1")
    assert len(topology.graph.groups) == 1
    topology.forget("web2")
    assert topology.graph.groups == {}


def test_a_group_that_is_declared_no_longer_is_gone() -> None:
    topology = site(*WEB)
    topology.declare(
        Site(group=(GroupTable(name="web", members=("service:web1/nginx", "service:web2/nginx")),))
    )
    assert list(topology.graph.groups) == ["group:web"]
    topology.declare(Site())
    assert (topology.graph.groups, list(topology.graph.groups_of("service:web1/nginx"))) == ({}, [])


def test_who_uses_one_member_of_a_declared_group_leans_on_that_one() -> None:
    topology = site(*WEB, host("app1", 9, to=(("app", 1),)), host("app2", 8, to=(("app", 1), ("app", 2))))
    topology.declare(
        Site(group=(GroupTable(name="web", members=("service:web1/nginx", "service:web2/nginx")),))
    )
    assert needs(topology, "service:app1/app") == {"service:web1/nginx"}
    assert needs(topology, "service:app2/app") == {"group:web"}
