"""Resolvers that answer rightly, wrongly, slowly, or not at all; dnsmasq is the real one."""

from __future__ import annotations

import shutil
import socket
import threading
import time

import pytest

from probes.names import dns
from wire.judgement import Reason, Verdict
from wire.target import DnsTarget, TcpTarget

PLAIN = ("dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--user=root", "--no-resolv")


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


def test_a_resolver_is_asked_over_tcp_where_that_is_wanted(dnsmasq, net):
    found = both(dns, DnsTarget("127.0.0.1", "shop.lab", port=dnsmasq, over="tcp"), net)
    assert (found["dns.tcp"].verdict, found["net.dns_record"].verdict) == (Verdict.PASS, Verdict.PASS)


def test_a_resolver_that_is_deaf_to_tcp_is_told_by_its_own_signal(net):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        target = DnsTarget("127.0.0.1", "shop.lab", port=silent.getsockname()[1], over="tcp")
        assert {name: each.reason for name, each in both(dns, target, net).items()} == {
            "dns.tcp": Reason.REFUSED
        }


def test_a_resolver_that_takes_the_connection_and_says_nothing_is_told_by_its_own_signal(net):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        target = DnsTarget("127.0.0.1", "shop.lab", port=silent.getsockname()[1], over="tcp")
        assert {name: each.reason for name, each in both(dns, target, net).items()} == {
            "dns.tcp": Reason.TIMEOUT
        }


ZONE = """
@ 60 IN SOA ns.%s. root.%s. 1 3600 600 86400 60
@ 60 IN NS ns.%s.
ns 60 IN A 127.0.0.1
shop 60 IN A 10.0.0.1
"""


@pytest.fixture
def unbound(serve, tmp_path, free_port):
    """A resolver that has these zones, and passes the ones of ``test`` on to another; starts it (again)."""
    program = shutil.which("unbound") or shutil.which("unbound", path="/usr/sbin")
    if program is None:
        pytest.skip("unbound is not installed")
    running = []

    def start(*zones: str, forwards_to: int = 1, trusts: str = "") -> int:
        for process in running:
            process.terminate()
            process.wait(10)
        lines = ["server:", "interface: 127.0.0.1", f"port: {free_port}", 'username: ""', 'chroot: ""']
        lines += [f'pidfile: "{tmp_path}/pid"', "use-syslog: no", "do-not-query-localhost: no"]
        lines += ['local-zone: "test." nodefault', 'module-config: "validator iterator"']
        lines += [f'trust-anchor: "{trusts}"'] if trusts else []
        lines += ["remote-control:", "control-enable: no"]
        lines += ["forward-zone:", 'name: "test"', f"forward-addr: 127.0.0.1@{forwards_to}"]
        for name in zones:
            (tmp_path / name).write_text(ZONE.replace("%s", name))
            lines += ["auth-zone:", f'name: "{name}"', f'zonefile: "{tmp_path / name}"']
            lines += ["for-downstream: yes", "for-upstream: no"]
        configuration = tmp_path / "unbound.conf"
        configuration.write_text("\n".join(lines) + "\n")
        running.append(serve(program, "-d", "-c", str(configuration), port=free_port))
        return free_port

    return start


def test_a_zone_that_is_there_passes_beside_its_record(unbound, net):
    found = both(dns, DnsTarget("127.0.0.1", "shop.firm.lab", port=unbound("firm.lab")), net)
    assert found["dns.zone"].subject == "zone:firm.lab@127.0.0.1"
    assert (found["dns.zone"].verdict, found["net.dns_record"].verdict) == (Verdict.PASS, Verdict.PASS)


def test_a_zone_that_was_there_and_is_gone_is_missing(unbound, net):
    target = DnsTarget("127.0.0.1", "shop.firm.lab", port=unbound("firm.lab", "lab"))
    both(dns, target, net)
    unbound("lab")
    found = both(dns, target, net)
    assert (found["dns.zone"].reason, found["net.dns_record"].reason) == (Reason.MISSING, Reason.MISSING)


def test_a_record_that_is_gone_from_its_zone_leaves_the_zone_well(unbound, net):
    port = unbound("firm.lab")
    both(dns, DnsTarget("127.0.0.1", "shop.firm.lab", port=port), net)
    found = both(dns, DnsTarget("127.0.0.1", "gone.firm.lab", port=port), net)
    assert (found["dns.zone"].verdict, found["net.dns_record"].reason) == (Verdict.PASS, Reason.MISSING)


def test_a_zone_is_asked_for_by_its_soa(unbound, net):
    port = unbound("firm.lab", "lab")
    found = both(dns, DnsTarget("127.0.0.1", "firm.lab", record="SOA", port=port), net)
    assert (list(found), found["dns.zone"].verdict) == (["net.dns", "dns.zone"], Verdict.PASS)
    (_, gone) = both(dns, DnsTarget("127.0.0.1", "sold.lab", record="SOA", port=port), net).values()
    assert gone.reason is Reason.MISSING


ANCHOR = "firm.test. IN DS 1 13 2 " + "ab" * 32


@pytest.fixture
def upstream(serve):
    """Another resolver, which knows shop.firm.test only and signs nothing. Gives its port."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    options = ("--no-daemon", "--no-resolv", "--no-hosts", "--conf-file=/dev/null", "--bind-interfaces")
    listen = ("--listen-address=127.0.0.1", f"--port={port}", "--user=root")
    serve("dnsmasq", *options, *listen, "--address=/shop.firm.test/10.0.0.1", port=port)
    return port


def test_what_a_resolver_cannot_validate_is_wrong_and_not_its_own_fault(unbound, upstream, net):
    port = unbound(forwards_to=upstream, trusts=ANCHOR)
    found = both(dns, DnsTarget("127.0.0.1", "shop.firm.test", port=port), net)
    assert (found["net.dns"].verdict, found["net.dns"].evidence["rcode"]) == (Verdict.PASS, "SERVFAIL")
    signature = found["dns.dnssec"]
    assert (signature.reason, signature.evidence["unchecked"]) == (Reason.WRONG, "10.0.0.1")


def test_a_resolver_whose_upstream_refuses_is_status(unbound, upstream, net):
    port = unbound(forwards_to=upstream)
    found = both(dns, DnsTarget("127.0.0.1", "shop.other.test", port=port), net)
    assert (found["net.dns"].reason, found["net.dns"].evidence["rcode"]) == (Reason.STATUS, "SERVFAIL")


def test_an_answer_that_nobody_validated_is_missing_its_signature_where_one_is_wanted(dnsmasq, net):
    found = both(dns, DnsTarget("127.0.0.1", "shop.lab", port=dnsmasq, signed=True), net)
    assert found["dns.dnssec"].reason is Reason.MISSING


@pytest.mark.root
@pytest.mark.parametrize(("settings", "reason"), [("10.99.0.77", Reason.WRONG), ("127.0.0.1", Reason.OK)])
def test_settings_that_name_nobody_who_answers_are_wrong_while_the_usual_resolver_does(
    lan, serve, tmp_path, settings, reason
):
    for name in ("h1", "gw"):
        serve(*lan.spaces.argv(name, *PLAIN))
        lan.wait(name, "ss -Hlun sport = :53 | grep -q .")
    conf = tmp_path / "etc" / "resolv.conf"
    conf.parent.mkdir()
    conf.write_text("nameserver 10.99.0.254\n")
    change = [lambda: conf.write_text(f"nameserver {settings}\n")]
    target = DnsTarget("10.99.0.254", "localhost")
    said = lan.ask("dns", target, then=change, root=str(tmp_path))
    judged = [(one.subject, one.reason) for one in said if one.signal == "dns.client"]
    assert judged == [("host:h1", reason)]


@pytest.mark.root
@pytest.mark.parametrize("nowhere", ["0.0.0.0", "127.0.0.1"])
def test_a_name_that_leads_each_caller_to_itself_is_wrong(lan, serve, nowhere):
    serve(*lan.spaces.argv("gw", *PLAIN, f"--address=/blocked.lab/{nowhere}"))
    lan.wait("gw", "ss -Hlun sport = :53 | grep -q .")
    said = lan.ask("dns", DnsTarget("10.99.0.254", "blocked.lab"))
    assert [one.reason for one in said if one.signal == "net.dns_record"] == [Reason.WRONG]


@pytest.mark.root
def test_who_looks_for_a_name_that_leads_to_nobody_does_not_find_it(lan, serve, tmp_path):
    serve(*lan.spaces.argv("gw", *PLAIN, "--address=/blocked.lab/0.0.0.0"))
    lan.wait("gw", "ss -Hlun sport = :53 | grep -q .")
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "resolv.conf").write_text("nameserver 10.99.0.254\n")
    (judged,) = lan.ask("tcp", TcpTarget(host="blocked.lab", port=80), root=str(tmp_path))
    assert (judged.reason, "0.0.0.0, where nobody is" in judged.evidence["error"]) == (Reason.RESOLVE, True)


@pytest.mark.root
@pytest.mark.parametrize(
    ("first", "reason"), [("10.98.0.2", Reason.TIMEOUT), ("10.99.0.2", Reason.OK), ("10.99.0.254", Reason.OK)]
)
def test_a_first_resolver_that_never_answers_lets_everybody_wait(lan, serve, tmp_path, first, reason):
    """One is behind a filter; one refuses at once."""
    serve(*lan.spaces.argv("gw", *PLAIN))
    lan.wait("gw", "ss -Hlun sport = :53 | grep -q .")
    lan.filter("gw", "forward", "udp dport 53 drop")
    conf = tmp_path / "etc" / "resolv.conf"
    conf.parent.mkdir()
    conf.write_text(f"nameserver {first}\nnameserver 10.99.0.254\n")
    said = lan.ask("dns", DnsTarget("10.99.0.254", "localhost"), root=str(tmp_path))
    assert [(one.subject, one.reason) for one in said if one.signal == "dns.client"] == [("host:h1", reason)]


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
