"""Resolvers that answer rightly, wrongly, slowly, or not at all; dnsmasq is the real one."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from probes import dns
from wire.judgement import Reason, Verdict
from wire.target import DnsTarget


@pytest.fixture
def dnsmasq(serve, free_port):
    """A resolver that knows shop.lab, and where it listens."""
    options = ("--no-daemon", "--no-resolv", "--no-hosts", "--conf-file=/dev/null", "--bind-interfaces")
    records = ("--address=/shop.lab/10.0.0.1", "--host-record=two.lab,10.0.0.1,fd00::1")
    texts = [f"--txt-record=long.lab,{'x' * 200}{n}" for n in range(20)]
    listen = ("--listen-address=127.0.0.1", f"--port={free_port}", "--user=root", "--local=/lab/")
    serve("dnsmasq", *options, *records, *texts, *listen, port=free_port)
    return free_port


def both(unit, target, net):
    import asyncio

    return {each.signal: each for each in asyncio.run(unit.ask(target, net))}


def test_a_right_answer_passes_for_resolver_and_record(dnsmasq, net):
    found = both(dns, DnsTarget("127.0.0.1", "shop.lab", expect=("10.0.0.1",), port=dnsmasq), net)
    assert {each.verdict for each in found.values()} == {Verdict.PASS}
    assert found["net.dns_record"].subject == "record:shop.lab@127.0.0.1"


def test_a_wrong_answer_speaks_against_the_record_only(dnsmasq, net):
    found = both(dns, DnsTarget("127.0.0.1", "shop.lab", expect=("10.0.0.9",), port=dnsmasq), net)
    assert found["net.dns"].verdict is Verdict.PASS
    assert found["net.dns_record"].reason is Reason.WRONG
    assert found["net.dns_record"].evidence["answer"] == "10.0.0.1"


def test_a_name_without_a_record_is_missing(dnsmasq, net):
    found = both(dns, DnsTarget("127.0.0.1", "gone.lab", port=dnsmasq), net)
    assert (found["net.dns"].verdict, found["net.dns_record"].reason) == (Verdict.PASS, Reason.MISSING)


def test_an_ipv6_record_is_compared_too(dnsmasq, net):
    target = DnsTarget("127.0.0.1", "two.lab", record="AAAA", expect=("fd00::1",), port=dnsmasq)
    assert both(dns, target, net)["net.dns_record"].verdict is Verdict.PASS


def test_an_answer_too_large_for_a_datagram_comes_by_tcp(dnsmasq, net):
    found = both(dns, DnsTarget("127.0.0.1", "long.lab", record="TXT", port=dnsmasq), net)
    assert found["net.dns_record"].verdict is Verdict.PASS


def test_a_server_that_will_not_say_is_status(dnsmasq, net):
    found = both(dns, DnsTarget("127.0.0.1", "example.org", port=dnsmasq), net)
    assert list(found) == ["net.dns"]
    assert (found["net.dns"].reason, found["net.dns"].evidence["rcode"]) == (Reason.STATUS, "REFUSED")


def test_no_server_is_refused(net, free_port):
    found = both(dns, DnsTarget("127.0.0.1", "shop.lab", port=free_port), net)
    assert found["net.dns"].reason is Reason.REFUSED


def test_a_silent_server_is_a_timeout(net):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        found = both(dns, DnsTarget("127.0.0.1", "shop.lab", port=silent.getsockname()[1]), net)
    assert found["net.dns"].reason is Reason.TIMEOUT


def test_a_late_answer_is_slow(dnsmasq, net):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as relay:
        relay.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=delay, args=(relay, dnsmasq))
        thread.start()
        found = both(dns, DnsTarget("127.0.0.1", "shop.lab", port=relay.getsockname()[1]), net)
        thread.join()
    assert (found["net.dns"].verdict, found["net.dns"].reason) == (Verdict.WARN, Reason.SLOW)


def delay(relay: socket.socket, port: int) -> None:
    """Passes one question on, and its answer back 0.7 s later."""
    question, asker = relay.recvfrom(2048)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.sendto(question, ("127.0.0.1", port))
        answer = server.recv(4096)
    time.sleep(0.7)
    relay.sendto(answer, asker)


def test_rubbish_and_answers_to_others_are_passed_over(dnsmasq, net):
    def babble(relay: socket.socket) -> None:
        question, asker = relay.recvfrom(2048)
        for rubbish in (b"", b"\0", question[:7], bytes(2) + question[2:], b"\xff" * 600):
            relay.sendto(rubbish, asker)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.sendto(question, ("127.0.0.1", dnsmasq))
            relay.sendto(server.recv(4096), asker)

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as relay:
        relay.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=babble, args=(relay,))
        thread.start()
        found = both(dns, DnsTarget("127.0.0.1", "shop.lab", port=relay.getsockname()[1]), net)
        thread.join()
    assert found["net.dns_record"].verdict is Verdict.PASS


def test_the_root_is_no_record(dnsmasq, net):
    assert list(both(dns, DnsTarget("127.0.0.1", ".", record="NS", port=dnsmasq), net)) == ["net.dns"]


@pytest.mark.root
@pytest.mark.parametrize(
    ("resolver", "reason"),
    [("10.99.0.77", Reason.UNREACHABLE), ("10.55.0.1", Reason.UNREACHABLE), ("10.99.0.2", Reason.REFUSED)],
)
def test_what_the_network_says_of_a_resolver(lan, resolver, reason):
    (judged,) = lan.ask("dns", DnsTarget(resolver, "shop.lab"))
    assert judged.reason is reason
    assert judged.subject == f"resolver:{resolver}"


@pytest.mark.root
def test_a_resolver_whose_machine_just_died_is_unreachable(lan):
    down = ("ip", "link", "set", "eth0", "down")
    (judged,) = lan.ask("dns", DnsTarget("10.99.0.2", "."), then=[lambda: lan.run("h2", *down)])
    assert judged.reason is Reason.UNREACHABLE


@pytest.mark.root
def test_a_filtered_resolver_is_prohibited(lan):
    lan.filter("gw", "forward", "udp dport 53 reject with icmpx type admin-prohibited")
    (judged,) = lan.ask("dns", DnsTarget("10.98.0.2", "shop.lab"))
    assert judged.reason is Reason.PROHIBITED
