"""Roots named from looks as the topology expands them, from inventories of two segments."""

from __future__ import annotations

import msgspec
import pytest

from rules.catalogue import Catalogue
from rules.diagnosis import Diagnosis
from rules.evidence import Evidence
from rules.inference import Engine, next_tests
from rules.topology import Topology
from wire.inventory import Connection, Gateway, Inventory, Listener, Mount, Nic, Store
from wire.judgement import Path, Reason

T0 = 2_000_000.0
RESOLVER = "10.2.0.53"
ADDRESSES = {
    "mon1": "10.1.0.10",
    "web1": "10.1.0.11",
    "web2": "10.1.0.12",
    "app1": "10.1.0.13",
    "db1": "10.2.0.21",
    "db2": "10.2.0.22",
    "dns1": RESOLVER,
}
LISTENERS = {
    "web1": Listener(service="nginx", process="nginx", port=443),
    "app1": Listener(service="app", process="python3", port=8080),
    "db1": Listener(service="postgresql", process="postgres", port=5432),
    "dns1": Listener(service="dnsmasq", process="dnsmasq", protocol="udp", port=53),
}
USES = {
    "web1": (Connection(service="nginx", address="10.1.0.13", port=8080),),
    "app1": (Connection(service="app", address="10.2.0.21", port=5432),),
}


class Lab:
    """Looks by name; times in seconds after T0."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.topology = Topology(server_host="mon1")
        self.catalogue = catalogue
        self.engine = Engine(catalogue, self.topology.graph)
        self._seq = 0
        router = (
            Nic(name="eth0", addresses=("10.1.0.1/24",)),
            Nic(name="eth1", addresses=("10.2.0.1/24",)),
        )
        self.topology.update(Inventory(host="gw", nics=router))
        for name, address in ADDRESSES.items():
            self.topology.update(_inventory(name, address))
        self.engine.graph_changed()

    def look(
        self,
        observer: str,
        signal: str,
        subject: str,
        outcome: Reason = Reason.OK,
        *,
        since: float = 0.0,
        at: float = 8.0,
        path: Path | None = None,
    ) -> None:
        self._seq += 1
        known = self.catalogue.signals[signal]
        failed = outcome is not Reason.OK
        self.engine.update(
            Evidence(
                id=f"{observer}#{self._seq}",
                observer=observer,
                signal=signal,
                subject=subject,
                outcome=outcome,
                since=T0 + since if failed else T0 - 500.0,
                confirmed_at=T0 + at,
                opposite_at=T0 + since - 10.0 if failed else None,
                clock_error=0.05,
                confirmed=failed,
                exercised=self.topology.exercised(observer, known, subject, path),
            )
        )

    def ping(self, observer: str, target: str, outcome: Reason = Reason.OK, **times: float) -> None:
        address = ADDRESSES.get(target, target)
        path = Path(interface="eth0", source=ADDRESSES[observer], address=address)
        self.look(observer, "net.icmp", f"address:{address}", outcome, path=path, **times)

    def connect(
        self, observer: str, signal: str, url: str, outcome: Reason = Reason.OK, **times: float
    ) -> None:
        host, _, port = url.partition("//")[2].partition(":")
        path = Path(address=ADDRESSES[host], port=int(port), resolver=RESOLVER)
        if outcome is Reason.RESOLVE:
            path = Path(port=int(port), resolver=RESOLVER)
        self.look(observer, signal, f"endpoint:{url}", outcome, path=path, **times)

    def alive(self, *silent: str) -> None:
        for name in (*ADDRESSES, "gw"):
            outcome = Reason.OVERDUE if name in silent else Reason.OK
            self.look("rootward", "agent.heartbeat", f"agent:{name}", outcome, since=20.0, at=25.0)

    def roots(self) -> list[tuple[str, str]]:
        return [(each.root.fault, each.root.entity) for each in self.diagnoses()]

    def diagnoses(self) -> list[Diagnosis]:
        return self.engine.infer(T0 + 30.0)


def _inventory(name: str, address: str) -> Inventory:
    gateway = address.rpartition(".")[0] + ".1"
    listener = LISTENERS.get(name)
    return Inventory(
        host=name,
        nics=(Nic(name="eth0", addresses=(f"{address}/24",)),),
        gateways=(Gateway(address=gateway, interface="eth0"),),
        resolvers=(RESOLVER,),
        listeners=(listener,) if listener else (),
        connections=USES.get(name, ()),
        mounts=(Mount(point="/data", device="/dev/sda1", disk="sda"),),
        stores=(Store(service="postgresql", mount="/data"),) if name == "db1" else (),
    )


@pytest.fixture
def lab(catalogue: Catalogue) -> Lab:
    return Lab(catalogue)


def test_a_healthy_lab_has_no_diagnosis(lab):
    lab.alive()
    lab.ping("web1", "db1")
    lab.connect("web1", "net.tcp", "tcp://app1:8080")
    assert lab.roots() == []


def test_a_full_disk_under_the_database_explains_the_pages_in_front(lab):
    lab.alive()
    lab.look("db1", "fs.space", "fs:db1:/data", Reason.FULL)
    lab.connect("web2", "app.http", "http://app1:8080", Reason.STATUS, since=2.0)
    lab.connect("web2", "app.http", "https://web1:443", Reason.STATUS, since=3.0)
    assert lab.roots() == [("storage.fs.full", "fs:db1:/data")]


def test_a_dead_gateway_is_named_by_its_host(lab):
    lab.alive("gw", "db1", "db2", "dns1")
    for name in ("web1", "web2", "app1"):
        lab.ping(name, "10.1.0.1", Reason.UNREACHABLE)
        lab.ping(name, "db1", Reason.TIMEOUT, since=1.0)
        lab.look(name, "net.neighbour", "gateway:10.1.0.1", Reason.TIMEOUT, path=Path(address="10.1.0.1"))
        lab.connect(name, "app.http", "http://db2:80", Reason.RESOLVE, since=2.0)
    lab.ping("web1", "web2")
    assert lab.roots() == [("net.gateway.down", "host:gw")]


def test_a_dead_segment_is_one_root_with_all_its_hosts(lab):
    lab.alive("db1", "db2", "dns1")
    for name in ("web1", "web2", "app1"):
        for target in ("db1", "db2", "dns1"):
            lab.ping(name, target, Reason.UNREACHABLE)
        lab.ping(name, "10.1.0.1")
        lab.look(name, "net.dns", f"resolver:{RESOLVER}", Reason.TIMEOUT, path=Path(address=RESOLVER))
    lab.connect("web2", "app.http", "http://app1:8080", Reason.STATUS, since=4.0)
    assert lab.roots() == [("net.switch.down", "segment:10.2.0.0/24")]


def test_a_dead_host_is_a_class_with_its_cable(lab):
    lab.alive("db1")
    for name in ("web1", "app1"):
        lab.ping(name, "db1", Reason.UNREACHABLE)
        lab.ping(name, "db2")
    lab.connect("app1", "net.tcp", "tcp://db1:5432", Reason.UNREACHABLE, since=1.0)
    [found] = lab.diagnoses()
    assert found.entity == "host:db1"
    assert {"host.down", "net.link.down"} <= {member.fault for member in found.members}


def test_a_stopped_name_server_explains_names_that_do_not_resolve(lab):
    lab.alive()
    lab.look("dns1", "svc.process", "service:dns1/dnsmasq", Reason.STOPPED)
    for name in ("web1", "web2"):
        lab.look(name, "net.dns", f"resolver:{RESOLVER}", Reason.REFUSED, path=Path(address=RESOLVER))
        lab.connect(name, "app.http", "http://db2:80", Reason.RESOLVE, since=2.0)
        lab.ping(name, "dns1")
    assert lab.roots() == [("dns.server.down", "service:dns1/dnsmasq")]


def test_a_stopped_database_explains_the_errors_of_what_uses_it(lab):
    lab.alive()
    lab.look("db1", "svc.process", "service:db1/postgresql", Reason.STOPPED)
    lab.connect("app1", "net.tcp", "tcp://db1:5432", Reason.REFUSED, since=1.0)
    lab.connect("web2", "app.http", "http://app1:8080", Reason.STATUS, since=2.0)
    lab.connect("web2", "app.http", "https://web1:443", Reason.STATUS, since=3.0)
    assert lab.roots() == [("db.down", "service:db1/postgresql")]


def test_a_wrong_record_explains_the_errors_of_what_needs_the_host_that_it_names(lab):
    lab.alive()
    assert lab.topology.misnamed("db1")
    lab.look("web1", "net.dns_record", f"record:db1@{RESOLVER}", Reason.WRONG)
    lab.connect("app1", "net.tcp", "tcp://db1:5432", Reason.RESOLVE, since=1.0)
    lab.connect("web2", "app.http", "http://app1:8080", Reason.STATUS, since=2.0)
    assert lab.roots() == [("dns.record.wrong", "record:db1")]


def test_a_process_killed_for_memory_explains_its_service(lab):
    lab.alive()
    lab.look("app1", "log.oom_kill", "process:app1/python3", Reason.MATCHED)
    lab.look("app1", "svc.process", "service:app1/app", Reason.STOPPED, since=1.0)
    lab.connect("web1", "net.tcp", "tcp://app1:8080", Reason.REFUSED, since=2.0)
    assert lab.roots() == [("mem.oom.kill", "process:app1/python3")]


def test_a_process_without_files_left_explains_why_its_service_does_not_answer(lab):
    lab.alive()
    lab.look("app1", "process.fds", "process:app1/python3", Reason.EXHAUSTED)
    lab.look("app1", "svc.port", "service:app1/app", Reason.HUNG, since=1.0)
    for name in ("web1", "web2"):
        lab.connect(name, "app.http", "http://app1:8080", Reason.TIMEOUT, since=2.0)
    assert lab.roots() == [("proc.fd.exhausted", "process:app1/python3")]


def test_a_process_with_files_left_refutes_that_it_has_none(lab):
    lab.alive()
    lab.look("app1", "process.fds", "process:app1/python3")
    for name in ("web1", "web2"):
        lab.connect(name, "app.http", "http://app1:8080", Reason.REQUEST_TIMEOUT)
        lab.ping(name, "app1")
    lab.alive()
    assert lab.roots() == [("svc.process.hung", "service:app1/app")]


def test_a_filter_on_the_way_to_one_port_is_told_from_a_dead_far_end(lab):
    lab.alive()
    for name in ("app1", "web1"):
        lab.connect(name, "net.tcp", "tcp://db1:5432", Reason.TIMEOUT)
        lab.ping(name, "db1")
    lab.connect("db2", "net.tcp", "tcp://db1:5432")
    assert lab.roots() == [("fw.gateway.acl", "flow:10.1.0.1>db1/tcp/5432")]


@pytest.mark.parametrize(
    ("beside", "root"),
    [
        (Reason.OK, ("tcp.reset.middlebox", "flow:10.2.0.1>web1/tcp/443")),
        (Reason.TLS_TIMEOUT, ("svc.process.hung", "service:web1/nginx")),
    ],
)
def test_a_greeting_that_is_swallowed_on_the_way_is_told_from_a_server_that_gives_none(lab, beside, root):
    lab.alive()
    lab.connect("web2", "tls.certificate", "tls://web1:443", beside)
    for name in ("db1", "db2"):
        lab.connect(name, "app.http", "https://web1:443", Reason.TLS_TIMEOUT, since=1.0)
    assert lab.roots() == [root]


def test_a_killed_agent_is_neither_a_dead_host_nor_a_cut_cable(lab):
    lab.alive("db2")
    lab.ping("web1", "db2", at=25.0)
    assert lab.roots() == [("host.agent.dead", "agent:db2")]


def test_one_certificate_asked_for_in_two_ways_is_one_root(lab):
    lab.alive()
    lab.connect("web2", "tls.certificate", "tls://web1:443", Reason.TLS_EXPIRED)
    lab.connect("app1", "app.http", "https://web1:443", Reason.TLS_EXPIRED, since=1.0)
    assert lab.roots() == [("tls.cert.expired", "endpoint:https://web1")]


PARTNER = "10.9.0.2"


def missing_backend(lab: Lab, address: str, port: int) -> None:
    """The log of nginx on web1 names a backend that does not answer, and its page fails."""
    lab.topology.failed("service:web1/nginx", address, port, T0)
    lab.engine.graph_changed()
    lab.look("web1", "log.upstream_failed", "service:web1/nginx", Reason.MATCHED)
    lab.connect("db2", "app.http", "https://web1:443", Reason.GATEWAY, since=1.0)


def test_a_backend_without_agent_that_is_missed_is_named_by_who_misses_it(lab):
    lab.alive()
    lab.connect("web1", "app.http", "http://app1:8080")
    missing_backend(lab, PARTNER, 9000)
    assert lab.roots() == [("svc.upstream.down", "service:web1/nginx")]


def asked_behind(lab: Lab, door: Reason, ping: Reason) -> None:
    """What web1 finds when it is sent to the backend that its nginx misses."""
    path = Path(interface="eth0", source=ADDRESSES["web1"], address=PARTNER)
    at_door = msgspec.structs.replace(path, port=9000)
    lab.look("web1", "net.tcp", f"endpoint:tcp://{PARTNER}:9000", door, since=2.0, path=at_door)
    lab.look("web1", "net.icmp", f"address:{PARTNER}", ping, since=2.0, path=path)


@pytest.mark.parametrize(
    ("door", "ping", "root"),
    [
        (Reason.REFUSED, Reason.OK, ("svc.upstream.down", "service:web1/nginx")),
        (Reason.TIMEOUT, Reason.TIMEOUT, ("svc.upstream.down", "service:web1/nginx")),
        (Reason.OK, Reason.OK, ("svc.upstream.down", "service:web1/nginx")),
        (Reason.TIMEOUT, Reason.OK, ("fw.gateway.acl", f"flow:10.1.0.1>{PARTNER}/tcp/9000")),
        (Reason.PROHIBITED, Reason.OK, ("fw.gateway.acl", f"flow:10.1.0.1>{PARTNER}/tcp/9000")),
    ],
)
def test_a_backend_without_agent_is_told_from_a_filter_before_it_by_its_door_and_a_ping(
    lab, door, ping, root
):
    lab.alive()
    lab.connect("web1", "app.http", "http://app1:8080")
    missing_backend(lab, PARTNER, 9000)
    asked_behind(lab, door, ping)
    assert lab.roots() == [root]


def test_who_misses_a_backend_without_agent_is_sent_to_its_door(lab):
    lab.alive()
    missing_backend(lab, PARTNER, 9000)
    tests = next_tests(lab.engine, lab.diagnoses(), T0 + 30.0)
    assert {(each.check, each.subject, each.observer) for each in tests} >= {
        ("net.tcp", f"endpoint:tcp://{PARTNER}:9000", "web1"),
        ("net.icmp", f"address:{PARTNER}", "web1"),
    }


def test_a_backend_with_an_agent_of_its_own_is_named_itself(lab):
    lab.alive("app1")
    missing_backend(lab, ADDRESSES["app1"], 8081)
    [found] = lab.diagnoses()
    assert ("host.down", "host:app1") in {(each.fault, each.entity) for each in (found.root, *found.members)}


def test_before_the_backends_silence_is_noticed_nobody_else_is_accused(lab):
    lab.alive()
    missing_backend(lab, ADDRESSES["app1"], 8080)
    assert all(root != "svc.upstream.down" for root, _ in lab.roots())


def test_a_backend_behind_a_cut_cable_of_the_router_is_no_second_root(lab):
    router = Inventory(
        host="gw",
        nics=(
            Nic(name="eth0", addresses=("10.1.0.1/24",)),
            Nic(name="eth1", addresses=("10.2.0.1/24",)),
            Nic(name="eth2", addresses=("10.9.0.1/24",)),
        ),
    )
    lab.topology.update(router)
    lab.alive()
    missing_backend(lab, PARTNER, 9000)
    lab.look("gw", "net.link", "nic:gw/eth2", Reason.CARRIER)
    assert lab.roots() == [("net.link.down", "nic:gw/eth2")]


def test_an_application_that_raises_is_no_error_of_its_database_or_of_its_front(lab):
    lab.alive()
    for name, service in (("app1", "app"), ("db1", "postgresql"), ("web1", "nginx")):
        lab.look(name, "svc.process", f"service:{name}/{service}")
        lab.look(name, "svc.port", f"service:{name}/{service}")
    for signal in ("fs.space", "fs.inodes", "fs.read_only"):
        lab.look("db1", signal, "fs:db1:/data")
    for name in ("app1", "mon1"):
        lab.connect(name, "net.tcp", "tcp://db1:5432")
    lab.look("app1", "log.app_exception", "service:app1/app", Reason.MATCHED)
    lab.connect("app1", "app.http", "http://app1:8080", Reason.STATUS)
    lab.connect("db2", "app.http", "https://web1:443", Reason.STATUS, since=2.0)
    [found] = lab.diagnoses()
    assert (found.root.fault, found.entity) == ("app.error.internal", "service:app1/app")
    assert found.probability >= 0.9
