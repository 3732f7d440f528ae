"""What is found is asked, and counts once it has answered well."""

from types import SimpleNamespace

import msgspec
import pytest

from agent.config import Config
from agent.edge.state import Finding
from agent.looks.discovered import found
from agent.looks.look import Look
from agent.looks.targets import Targets
from probes.unit import Probe
from wire.inventory import Connection, Endpoint, Gateway, Inventory, Listener, Nic
from wire.judgement import Judgement, Layer, Reason, Verdict
from wire.target import (
    DnsTarget,
    HttpTarget,
    IcmpTarget,
    MtuTarget,
    NeighbourTarget,
    NtpTarget,
    TcpTarget,
    TlsTarget,
)

INVENTORY = Inventory(
    host="web1",
    nics=(Nic(name="eth0", addresses=("10.0.1.11/24",)),),
    gateways=(Gateway(address="10.0.1.1", interface="eth0"),),
    resolvers=("10.0.0.2",),
    listeners=(
        Listener(service="nginx", process="nginx", port=80, address="0.0.0.0"),
        Listener(service="nginx", process="nginx", port=443, address="0.0.0.0"),
        Listener(service="sshd", process="sshd", port=22, address="0.0.0.0"),
        Listener(service="local", process="nginx", port=8081, address="127.0.0.1"),
    ),
    connections=(
        Connection(service="app", address="10.0.1.12", port=5432),
        Connection(service="app", address="93.184.216.34", port=443),
        Connection(service="app", address="127.0.0.1", port=6379),
        Connection(service="app", address="10.0.1.13", port=50123),
    ),
    endpoints=(Endpoint(url="https://shop.lab", service="nginx"),),
)
KINDS = (IcmpTarget, NeighbourTarget, TcpTarget, DnsTarget, HttpTarget, TlsTarget)


def probe(kind):
    declared = Probe(signals=(f"net.{kind.__name__.lower()}",), layer=Layer.NETWORK, target=kind)
    return SimpleNamespace(name=kind.__name__, probe=declared, ask_all=None, layer=Layer.NETWORK)


UNITS = SimpleNamespace(probes=tuple(probe(kind) for kind in KINDS), collectors=())


@pytest.fixture
def remembered():
    return {}


def targets(remembered, **config):
    made = Targets(Config(**config), "https://rootward.lab:8470", UNITS, remembered)
    made.update(INVENTORY, ("localhost",), 1000.0)
    return made


def by_target(targets):
    return {look.target: look for look in targets.looks()}


def findings(look, verdict=Verdict.PASS, reason=Reason.OK):
    judgement = Judgement(signal="net.x", subject="address:1", verdict=verdict, reason=reason)
    return [Finding(judgement=judgement, at=1001.0, source=look.source)]


def test_gateway_resolver_peer_and_web_server_are_found_and_on_trial(remembered):
    looks = by_target(targets(remembered))
    for target in (
        IcmpTarget("10.0.1.1"),
        DnsTarget("10.0.0.2", ".", "NS"),
        TcpTarget("10.0.1.12", 5432),
        TlsTarget("10.0.1.11", 443, "shop.lab"),
    ):
        assert looks[target].trial


def test_a_gateway_must_answer_arp_from_the_first_look(remembered):
    assert not by_target(targets(remembered))[NeighbourTarget("10.0.1.1", "eth0")].trial


def test_strangers_loopback_clients_and_what_speaks_no_http_are_not_asked(remembered):
    looks = by_target(targets(remembered))
    hosts = {target.host for target in looks if isinstance(target, TcpTarget)}
    assert hosts == {"10.0.1.12", "rootward.lab"}
    assert [target.url for target in looks if isinstance(target, HttpTarget)] == ["http://10.0.1.11/"]


def test_the_server_and_what_is_configured_need_no_trial(remembered):
    looks = by_target(targets(remembered, target=(TcpTarget("10.0.1.12", 5432),)))
    assert not looks[TcpTarget("rootward.lab", 8470)].trial
    assert not looks[TcpTarget("10.0.1.12", 5432)].trial


def test_what_never_answered_well_does_not_count(remembered):
    found = targets(remembered)
    look = by_target(found)[IcmpTarget("10.0.1.1")]
    assert not found.judge_trial(look, findings(look, Verdict.FAIL, Reason.TIMEOUT))
    assert found.unproven(look)


def test_what_answered_well_counts_also_after_a_restart(remembered):
    found = targets(remembered)
    look = by_target(found)[IcmpTarget("10.0.1.1")]
    assert found.judge_trial(look, findings(look))
    assert not found.unproven(look)
    again = targets(remembered)
    assert not by_target(again)[IcmpTarget("10.0.1.1")].trial


def test_one_name_that_a_resolver_answers_is_enough(remembered):
    found = targets(remembered)
    look = by_target(found)[DnsTarget("10.0.0.2", "localhost")]
    found.judge_trial(look, findings(look))
    asked = [target for target in by_target(found) if isinstance(target, DnsTarget)]
    assert asked == [DnsTarget("10.0.0.2", "localhost")]


def test_an_expired_certificate_counts_at_first_sight(remembered):
    found = targets(remembered)
    look = by_target(found)[TlsTarget("10.0.1.11", 443, "shop.lab")]
    assert found.judge_trial(look, findings(look, Verdict.FAIL, Reason.TLS_EXPIRED))


def test_a_peer_is_still_asked_when_its_connection_is_gone(remembered):
    found = targets(remembered)
    found.update(Inventory(host="web1"), (), 1060.0)
    assert TcpTarget("10.0.1.12", 5432) in by_target(found)
    found.update(Inventory(host="web1"), (), 1000.0 + 4000)
    assert TcpTarget("10.0.1.12", 5432) not in by_target(found)


def test_looks_have_a_source_of_their_own():
    unit = probe(TcpTarget)
    assert Look(unit, TcpTarget("a", 1)).source != Look(unit, TcpTarget("a", 2)).source


MISTAKEN = Inventory(host="web1", gateways=(Gateway(address="10.0.1.254", interface="eth0"),))


def test_a_gateway_that_never_answered_is_forgotten_when_the_mistake_is_undone(remembered):
    found = targets(remembered)
    found.update(MISTAKEN, (), 1060.0)
    assert NeighbourTarget("10.0.1.254", "eth0") in by_target(found)
    found.update(INVENTORY, (), 1120.0)
    assert NeighbourTarget("10.0.1.254", "eth0") not in by_target(found)


def test_a_gateway_that_has_answered_is_still_asked_when_the_route_to_it_is_gone(remembered):
    found = targets(remembered)
    look = by_target(found)[NeighbourTarget("10.0.1.1", "eth0")]
    assert found.unproven(look)
    found.judge_trial(look, findings(look))
    found.update(MISTAKEN, (), 1060.0)
    assert NeighbourTarget("10.0.1.1", "eth0") in by_target(found)


def test_the_own_addresses_are_watched_for_a_second_owner_from_the_start(remembered):
    look = by_target(targets(remembered))[NeighbourTarget("10.0.1.11", "eth0")]
    assert not look.trial


def test_an_address_that_is_gone_is_watched_no_longer(remembered):
    made = targets(remembered)
    made.update(Inventory(host="web1"), (), 1001.0)
    assert NeighbourTarget("10.0.1.11", "eth0") not in by_target(made)


def test_a_peer_that_the_server_names_is_on_trial_and_counts_once_it_answered(remembered):
    known = targets(remembered)
    known.meet(("10.9.0.7",))
    look = by_target(known)[IcmpTarget("10.9.0.7")]
    assert look.trial
    assert known.judge_trial(look, findings(look))
    assert not by_target(targets(remembered))[IcmpTarget("10.9.0.7")].trial


def test_peers_that_the_server_no_longer_names_are_asked_no_longer(remembered):
    known = targets(remembered)
    known.meet(("10.9.0.7",))
    before = known.told_peers
    known.meet(())
    assert (bool(before), known.told_peers) == (True, "")
    assert IcmpTarget("10.9.0.7") not in by_target(known)


def test_strangers_are_not_pinged_whoever_names_them(remembered):
    known = targets(remembered)
    known.meet(("93.184.216.34", "169.254.169.254", "127.0.0.1", "224.0.0.1", "10.9.0.7"))
    asked = {look.target.address for look in known.looks() if isinstance(look.target, IcmpTarget)}
    assert asked == {"10.0.1.1", "10.9.0.7"}


def test_only_of_peers_behind_a_gateway_is_the_size_of_packets_asked():
    uses = (*INVENTORY.connections, Connection(service="app", address="10.0.2.21", port=5432))
    far = msgspec.structs.replace(INVENTORY, connections=uses)
    sizes = [target.address for target in found(far, ()) if isinstance(target, MtuTarget)]
    assert sizes == ["10.0.2.21"]


def test_large_packets_are_tried_to_the_peers_behind_a_gateway_that_the_server_names(remembered):
    known = targets(remembered)
    known.meet(("10.9.0.7", "10.0.1.12"))
    assert [each.address for each in known.known() if isinstance(each, MtuTarget)] == ["10.9.0.7"]


def test_a_time_source_inside_the_house_is_asked_and_a_public_one_is_left_to_the_time_daemon():
    with_sources = msgspec.structs.replace(INVENTORY, time_sources=("10.0.1.50", "93.184.216.34", "pool.lab"))
    asked = [target for target in found(with_sources, ()) if isinstance(target, NtpTarget)]
    assert asked == [NtpTarget("10.0.1.50")]
