"""Switches by SNMP: snmpd stands in, with its own interfaces for the ports."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import ber
from probes.devices import snmp
from probes.devices.snmp_envelope import Community
from probes.devices.snmp_query import parsed
from probes.steps import StepFailed
from tests.probes.switch import look_at, start_snmpd
from wire.judgement import Judgement, Reason, Verdict
from wire.target import SnmpTarget


@pytest.fixture
def snmpd(serve, tmp_path) -> Callable[..., SnmpTarget]:
    return partial(start_snmpd, serve, tmp_path)


@pytest.fixture
def look(net) -> Callable[..., dict[tuple[str, str], Judgement]]:
    return partial(look_at, net)


def test_an_agent_tells_its_uptime_and_its_ports(snmpd, look, free_port):
    found = look(snmpd(free_port))
    agent = found["snmp.agent", f"endpoint:snmp://127.0.0.1:{free_port}"]
    assert (agent.verdict, agent.evidence["name"]) == (Verdict.PASS, "sw1")
    assert found["snmp.interface", "nic:sw1/lo"].verdict is Verdict.PASS


def test_a_wanted_port_that_is_not_there_is_stopped(snmpd, look, free_port):
    found = look(snmpd(free_port, ports=("Gi1/0/7",), name="core"))
    port = found["snmp.interface", "nic:core/Gi1/0/7"]
    assert (port.verdict, port.reason) == (Verdict.FAIL, Reason.STOPPED)


def test_a_wanted_port_that_is_up_passes(snmpd, look, free_port):
    found = look(snmpd(free_port, ports=("lo",)))
    assert found["snmp.interface", "nic:sw1/lo"].verdict is Verdict.PASS


def test_a_counter_of_uptime_that_fell_is_a_restart(snmpd, look, net, free_port):
    target = snmpd(free_port)
    net.memory[f"uptime {target.subject}"] = (10_000_000, net.clock() - 60)
    agent = look(target)["snmp.agent", target.subject]
    assert (agent.verdict, agent.reason) == (Verdict.WARN, Reason.REBOOTED)


def test_a_counter_of_uptime_that_ran_over_is_none(snmpd, look, net, free_port):
    target = snmpd(free_port)
    net.memory[f"uptime {target.subject}"] = (2**32 - 3000, net.clock() - 60)
    assert look(target)["snmp.agent", target.subject].verdict is Verdict.PASS


def test_another_community_gets_no_answer(snmpd, look, net, free_port):
    target = snmpd(free_port)
    look(target)
    (judged,) = asyncio.run(snmp.ask(SnmpTarget("127.0.0.1", "secret-one", port=free_port), net))
    assert judged.reason is Reason.TIMEOUT
    assert "secret-one" not in repr(judged)


def test_no_agent_is_refused(net, free_port):
    (judged,) = asyncio.run(snmp.ask(SnmpTarget("127.0.0.1", port=free_port), net))
    assert judged.reason is Reason.REFUSED


@pytest.mark.root
@pytest.mark.parametrize(
    ("address", "reason"),
    [("10.99.0.77", Reason.UNREACHABLE), ("10.99.0.2", Reason.REFUSED), ("fd99::2", Reason.REFUSED)],
)
def test_what_the_network_says_of_a_switch(lan, address, reason):
    (judged,) = lan.ask("snmp", SnmpTarget(address))
    assert judged.reason is reason


ROW = {
    snmp._SHORT_NAME: b"Gi1",
    snmp._STATE: 1,
    snmp._WANTED: 1,
    snmp._MEGABITS: 100,
    snmp._IN_OCTETS: 0,
    snmp._IN_PACKETS: 0,
    snmp._IN_ERRORS: 0,
}


@pytest.mark.parametrize(
    ("later", "reason"),
    [
        ({snmp._IN_PACKETS: 1000, snmp._IN_ERRORS: 5}, Reason.OK),
        ({snmp._IN_PACKETS: 10_000_000, snmp._IN_ERRORS: 500}, Reason.OK),
        ({snmp._IN_PACKETS: 1000, snmp._IN_ERRORS: 500}, Reason.ERRORS),
        ({snmp._IN_OCTETS: 60 * 12_400_000}, Reason.SATURATED),
        ({snmp._IN_OCTETS: 60 * 6_000_000}, Reason.OK),
        ({snmp._IN_OCTETS: 0, snmp._IN_ERRORS: 0}, Reason.OK),
    ],
)
def test_a_port_is_judged_by_what_its_counters_grew_in_a_minute(net, later, reason):
    now = [1000.0]
    steps = snmp.Steps("snmp.agent", "switch:sw1", type(net)("here", lambda: now[0], net.root), 5.0)
    snmp._port(steps, "nic:sw1/Gi1", ROW, wanted=False)
    now[0] += 60
    assert snmp._port(steps, "nic:sw1/Gi1", ROW | later, wanted=False).reason is reason


def test_a_port_that_somebody_shut_is_told_so(net):
    steps = snmp.Steps("snmp.agent", "switch:sw1", net, 5.0)
    judged = snmp._port(steps, "nic:sw1/Gi1", ROW | {snmp._STATE: 2, snmp._WANTED: 2}, wanted=True)
    assert (judged.reason, judged.evidence["shut_by_hand"]) == (Reason.STOPPED, True)


@given(st.binary(max_size=300))
def test_no_answer_breaks_the_reader(data):
    with suppress(StepFailed, ValueError, IndexError):
        pdu = Community("public").opened(data)
        assert pdu is None or parsed(pdu, 1) is None


@given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=20))
def test_an_object_identifier_reads_as_it_was_written(arcs):
    text = ".".join(map(str, (1, 3, *arcs)))
    ((kind, content),) = ber.items(ber.oid(text))
    assert (kind, ber.dotted(content)) == (ber.OID, text)


def test_a_babbling_agent_is_a_timeout(net):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        (judged,) = asyncio.run(snmp.ask(SnmpTarget("127.0.0.1", port=silent.getsockname()[1]), net))
    assert judged.reason is Reason.TIMEOUT
