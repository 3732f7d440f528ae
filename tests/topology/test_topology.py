"""Facts of five hosts in two segments, and what a look from one to another exercises."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from rules.catalogue import load_catalogue
from rules.models import Relation, Role
from rules.topology import Site, Topology
from rules.topology.site import Dependency, Switch
from wire.inventory import Connection, Gateway, Inventory, Listener, Mount, Nic, Store
from wire.judgement import Path

SIGNALS = load_catalogue().signals


def host(name: str, address: str, **more: object) -> Inventory:
    gateway = address.rpartition(".")[0] + ".1"
    return Inventory(
        host=name,
        nics=(Nic(name="eth0", addresses=(address + "/24",)),),
        gateways=(Gateway(address=gateway, interface="eth0"),),
        resolvers=("10.1.0.53",),
        **more,  # type: ignore[arg-type]
    )


@pytest.fixture
def topology() -> Topology:
    picture = Topology(server_host="mon1")
    picture.update(
        Inventory(
            host="gw",
            nics=(
                Nic(name="eth0", addresses=("10.1.0.1/24",)),
                Nic(name="eth1", addresses=("10.2.0.1/24",)),
            ),
        )
    )
    picture.update(
        host("web1", "10.1.0.11", connections=(Connection(service="nginx", address="10.2.0.21", port=5432),))
    )
    picture.update(
        host("dns1", "10.1.0.53", listeners=(Listener(service="dnsmasq", protocol="udp", port=53),))
    )
    picture.update(host("mon1", "10.2.0.30"))
    picture.update(
        host(
            "db1",
            "10.2.0.21",
            listeners=(Listener(service="postgresql", port=5432),),
            mounts=(Mount(point="/data", device="/dev/sda1", disk="sda"),),
            stores=(Store(service="postgresql", mount="/data"),),
        )
    )
    return picture


def look(
    topology: Topology, observer: str, signal: str, subject: str, path: Path | None = None
) -> set[tuple[Role, str]]:
    return set(topology.exercised(observer, SIGNALS[signal], subject, path))


def edges(topology: Topology, child: str) -> set[tuple[str, Relation, str]]:
    return {(edge.child, edge.relation, edge.parent) for edge in topology.graph.parents(child)}


def test_a_connection_across_the_gateway_exercises_both_segments_and_the_service_behind_the_port(
    topology: Topology,
) -> None:
    path = Path(interface="eth0", gateway="10.1.0.1", address="10.2.0.21", port=5432, resolver="10.1.0.53")
    seen = look(topology, "web1", "net.tcp", "endpoint:tcp://db1:5432", path)
    assert {
        (Role.SELF, "service:db1/postgresql"),
        (Role.SELF, "port:db1/tcp/5432"),
        (Role.HOST, "host:db1"),
        (Role.PATH, "nic:web1/eth0"),
        (Role.PATH, "segment:10.1.0.0/24"),
        (Role.PATH, "gateway:10.1.0.1"),
        (Role.PATH, "nic:gw/eth1"),
        (Role.PATH, "segment:10.2.0.0/24"),
        (Role.PATH, "nic:db1/eth0"),
        (Role.RESOLVER, "service:dns1/dnsmasq"),
        (Role.OBSERVER, "host:web1"),
    } <= seen


def test_a_machine_answers_for_an_address_of_its_far_side_without_passing_it_on(topology: Topology) -> None:
    path = Path(interface="eth0", source="10.1.0.11", gateway="10.1.0.1", address="10.2.0.1")
    crossed = look(topology, "web1", "net.icmp", "address:10.2.0.1", path)
    onward = {"gateway:10.1.0.1", "nic:gw/eth1", "segment:10.2.0.0/24"}
    assert not {(Role.PATH, entity) for entity in onward} & crossed


def test_a_gateway_is_the_address_by_which_it_is_known(topology: Topology) -> None:
    seen = look(topology, "web1", "net.neighbour", "gateway:10.1.0.1", Path(address="10.1.0.1"))
    assert {(Role.SELF, "gateway:10.1.0.1"), (Role.SELF, "address:10.1.0.1")} <= seen


def test_who_asks_for_a_name_leans_on_its_record_and_its_zone(topology: Topology) -> None:
    path = Path(interface="eth0", gateway="10.1.0.1", resolver="10.1.0.53")
    seen = look(topology, "web1", "app.http", "endpoint:https://db1.firm.lab/page", path)
    assert {(Role.RESOLVER, "record:db1.firm.lab"), (Role.RESOLVER, "zone:firm.lab")} <= seen


def test_what_goes_to_no_link_of_the_house_leaves_the_site(topology: Topology) -> None:
    topology.update(host("web2", "10.1.0.12", tags={"site": "bj1"}))
    path = Path(interface="eth0", source="10.1.0.12", gateway="10.1.0.1", address="198.51.100.7")
    outside = look(topology, "web2", "net.icmp", "address:198.51.100.7", path)
    assert {(Role.PATH, "site:bj1"), (Role.PATH, "gateway:10.1.0.1")} <= outside
    inside = look(topology, "web2", "net.icmp", "address:10.2.0.99", replace(path, address="10.2.0.99"))
    assert (Role.PATH, "site:bj1") not in inside


def test_the_way_of_a_heartbeat_leads_to_the_servers_host(topology: Topology) -> None:
    seen = look(topology, "rootward", "agent.heartbeat", "agent:web1")
    assert (Role.SELF, "agent:web1") in seen
    assert (Role.HOST, "host:web1") in seen
    assert (Role.PATH, "gateway:10.1.0.1") in seen
    assert (Role.PATH, "nic:mon1/eth0") in seen
    assert (Role.OBSERVER, "host:mon1") in seen


def test_a_local_look_exercises_only_its_subject_and_its_host(topology: Topology) -> None:
    assert look(topology, "db1", "fs.space", "fs:db1:/data") == {
        (Role.SELF, "fs:db1:/data"),
        (Role.SELF, "mount:db1:/data"),
        (Role.HOST, "host:db1"),
        (Role.OBSERVER, "host:db1"),
        (Role.OBSERVER, "agent:db1"),
    }


def test_a_service_that_only_a_log_names_is_the_program_that_wrote(topology: Topology) -> None:
    seen = look(topology, "db1", "log.fd_exhausted", "service:db1/reportd")
    assert (Role.SELF, "process:db1/reportd") in seen


def test_connections_open_files_and_routes_become_edges(topology: Topology) -> None:
    assert ("service:web1/nginx", Relation.DEPENDS_ON, "service:db1/postgresql") in edges(
        topology, "service:web1/nginx"
    )
    assert ("service:db1/postgresql", Relation.STORED_ON, "fs:db1:/data") in edges(
        topology, "service:db1/postgresql"
    )
    assert ("gateway:10.1.0.1", Relation.RUNS_ON, "host:gw") in edges(topology, "gateway:10.1.0.1")
    assert ("resolver:10.1.0.53", Relation.SERVED_BY, "service:dns1/dnsmasq") in edges(
        topology, "resolver:10.1.0.53"
    )


def test_the_order_of_inventories_does_not_matter(topology: Topology) -> None:
    turned = Topology(server_host="mon1")
    for inventory in reversed(topology.inventories.values()):
        turned.update(inventory)
    for name in topology.inventories:
        for child in (f"host:{name}", f"service:{name}/nginx", f"service:{name}/postgresql"):
            assert edges(turned, child) == edges(topology, child)


def test_declared_switches_take_the_place_of_subnets(topology: Topology) -> None:
    topology.declare(
        Site(
            switch=(
                Switch(name="sw1", ports=("web1/eth0",), uplinks=("core",)),
                Switch(name="sw2", ports=("dns1/eth0",), uplinks=("core",)),
            ),
            dependency=(Dependency(service="web1/nginx", on="dns1/dnsmasq"),),
        )
    )
    seen = look(
        topology, "web1", "net.icmp", "address:10.1.0.53", Path(interface="eth0", address="10.1.0.53")
    )
    assert {(Role.PATH, f"switch:{name}") for name in ("sw1", "core", "sw2")} <= seen
    assert ("nic:web1/eth0", Relation.ATTACHED_TO, "switch:sw1") in edges(topology, "nic:web1/eth0")


def test_a_port_that_is_not_host_and_interface_is_named(topology: Topology) -> None:
    with pytest.raises(ValueError, match="'web1'"):
        topology.declare(Site(switch=(Switch(name="sw1", ports=("web1",)),)))


def test_what_a_host_no_longer_says_leaves_the_graph(topology: Topology) -> None:
    topology.update(host("web1", "10.1.0.11", at=60.0))
    topology.update(host("web1", "10.1.0.11", at=4000.0, boot_id="another"))
    assert not edges(topology, "service:web1/nginx")


def test_who_used_whom_is_still_known_when_the_connection_broke(topology: Topology) -> None:
    before = edges(topology, "service:web1/nginx")
    topology.update(host("web1", "10.1.0.11", at=60.0))
    assert edges(topology, "service:web1/nginx") == before


def test_a_service_that_no_longer_listens_is_still_known_behind_its_door(topology: Topology) -> None:
    topology.update(host("dns1", "10.1.0.53", at=60.0))
    assert ("resolver:10.1.0.53", Relation.SERVED_BY, "service:dns1/dnsmasq") in edges(
        topology, "resolver:10.1.0.53"
    )


def test_a_door_that_another_service_took_is_that_services(topology: Topology) -> None:
    topology.update(
        host("dns1", "10.1.0.53", at=60.0, listeners=(Listener(service="unbound", protocol="udp", port=53),))
    )
    parents = {parent for _, relation, parent in edges(topology, "resolver:10.1.0.53")}
    assert parents == {"service:dns1/unbound"}


def test_a_retired_host_leaves_nothing_behind(topology: Topology) -> None:
    topology.forget("db1")
    assert list(topology.graph.parents("service:db1/postgresql")) == []
    assert topology.book.owner("10.2.0.21") is None


def test_an_address_that_two_had_belongs_to_who_still_has_it(topology):
    thief = host("dns1", "10.1.0.53")
    both = replace(thief.nics[0], addresses=("10.1.0.53/24", "10.1.0.11/24"))
    topology.update(replace(thief, nics=(both,)))
    assert topology.book.owner("10.1.0.11").host == "web1"
    topology.update(thief)
    assert topology.book.owner("10.1.0.11").host == "web1"
    topology.forget("web1")
    assert topology.book.owner("10.1.0.11") is None


def test_who_needs_a_host_leans_on_a_name_that_was_found_to_lead_elsewhere(topology: Topology) -> None:
    astray = ("service:web1/nginx", Relation.DEPENDS_ON, "record:db1.lab.test")
    assert astray not in edges(topology, "service:web1/nginx")
    assert topology.misnamed("db1.lab.test")
    assert astray in edges(topology, "service:web1/nginx")
    assert not topology.misnamed("db1.lab.test")
    assert not topology.misnamed("of-nobody.lab.test")
