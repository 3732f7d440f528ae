"""Connections to real ports, refused, filtered, reset and not to be reached."""

from __future__ import annotations

import socket
import struct
import threading

import pytest

from probes.connections import tcp
from wire.judgement import Reason, Verdict
from wire.target import TcpTarget

LISTENS = "ss -Hltn | grep -q :80"
SERVER = "import socket,time; s=socket.create_server(('', 80)); time.sleep(60)"


def test_a_listening_port_passes_and_each_step_is_timed(ask):
    with socket.create_server(("127.0.0.1", 0)) as server:
        judged = ask(tcp, TcpTarget("127.0.0.1", server.getsockname()[1]))
    assert judged.verdict is Verdict.PASS
    assert {"resolve_ms", "connect_ms"} <= judged.evidence.keys()


def test_ipv6_is_asked_like_ipv4(ask):
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
        port = server.getsockname()[1]
        judged = ask(tcp, TcpTarget("::1", port))
    assert (judged.verdict, judged.subject) == (Verdict.PASS, f"endpoint:tcp://[::1]:{port}")


def test_a_closed_port_is_refused(ask, free_port):
    judged = ask(tcp, TcpTarget("127.0.0.1", free_port))
    assert (judged.verdict, judged.reason, judged.path.port) == (Verdict.FAIL, Reason.REFUSED, free_port)


def test_a_connection_torn_down_after_the_handshake_is_reset(ask):
    def tear(server: socket.socket) -> None:
        connection, _ = server.accept()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=tear, args=(server,))
        thread.start()
        judged = ask(tcp, TcpTarget("127.0.0.1", server.getsockname()[1]))
        thread.join()
    assert judged.reason is Reason.RESET


def test_a_name_in_the_hosts_file_needs_no_resolver(ask, net, tmp_path):
    (tmp_path / "etc" / "hosts").write_text("127.0.0.1 shop.lab shop # the shop\n")
    with socket.create_server(("127.0.0.1", 0)) as server:
        judged = ask(tcp, TcpTarget("shop.lab", server.getsockname()[1]))
    assert (judged.verdict, judged.path.resolver) == (Verdict.PASS, "")


def test_a_name_that_nobody_resolves_never_speaks_against_the_port(ask, tmp_path):
    (tmp_path / "etc" / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    judged = ask(tcp, TcpTarget("shop.lab", 80))
    assert (judged.reason, judged.path.resolver, judged.path.address) == (Reason.RESOLVE, "127.0.0.1", "")


@pytest.mark.root
def test_a_dropped_request_is_a_timeout(lan):
    lan.filter("h2", "input", "tcp dport 80 drop")
    (judged,) = lan.ask("tcp", TcpTarget("10.99.0.2", 80))
    assert judged.reason is Reason.TIMEOUT


@pytest.mark.root
def test_a_host_that_just_died_is_unreachable_though_the_kernel_still_believes_in_it(lan):
    down = ("ip", "link", "set", "eth0", "down")
    (judged,) = lan.ask("tcp", TcpTarget("10.99.0.2", 80), then=[lambda: lan.run("h2", *down)])
    assert judged.reason is Reason.UNREACHABLE


@pytest.mark.root
@pytest.mark.parametrize("address", ["10.99.0.77", "fd99::77"])
def test_a_dead_neighbour_is_unreachable_not_filtered(lan, address):
    (judged,) = lan.ask("tcp", TcpTarget(address, 80))
    assert judged.reason is Reason.UNREACHABLE


@pytest.mark.root
@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("10.98.0.2", "admin-prohibited"),
        ("10.98.0.2", "port-unreachable"),
        ("fd98::2", "admin-prohibited"),
        ("fd98::2", "port-unreachable"),
    ],
)
def test_a_filter_that_answers_by_icmp_is_prohibited(lan, address, kind):
    lan.filter("gw", "forward", f"tcp dport 80 reject with icmpx type {kind}")
    (judged,) = lan.ask("tcp", TcpTarget(address, 80))
    assert judged.reason is Reason.PROHIBITED


@pytest.mark.root
def test_no_default_route_is_no_route(lan):
    lan.run("h1", "ip", "route", "del", "default")
    (judged,) = lan.ask("tcp", TcpTarget("10.98.0.2", 80))
    assert judged.reason is Reason.NO_ROUTE


@pytest.mark.root
def test_a_router_without_a_way_is_unreachable(lan):
    (judged,) = lan.ask("tcp", TcpTarget("10.55.0.1", 80))
    assert judged.reason is Reason.UNREACHABLE


@pytest.mark.root
def test_a_pulled_cable_is_carrier(lan):
    lan.run("sw", "ip", "link", "set", "to-h1", "down")
    (judged,) = lan.ask("tcp", TcpTarget("10.98.0.2", 80))
    assert judged.reason is Reason.CARRIER


@pytest.mark.root
def test_a_lost_first_request_makes_the_connection_slow(lan, serve):
    lan.filter("h2", "input", "tcp dport 80 tcp flags syn numgen inc mod 2 0 drop")
    serve(*lan.spaces.argv("h2", "python3", "-c", SERVER))
    lan.wait("h2", LISTENS)
    (judged,) = lan.ask("tcp", TcpTarget("10.99.0.2", 80))
    assert (judged.verdict, judged.reason) == (Verdict.WARN, Reason.SLOW)


@pytest.mark.root
def test_a_name_behind_a_pulled_cable_is_carrier_not_resolve(lan, tmp_path):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "resolv.conf").write_text("nameserver 10.98.0.2\n")
    lan.run("sw", "ip", "link", "set", "to-h1", "down")
    (judged,) = lan.ask("tcp", TcpTarget("shop.lab", 80), root=str(tmp_path))
    assert judged.reason is Reason.CARRIER


@pytest.mark.root
def test_no_local_port_left_is_exhausted(lan, serve):
    serve(*lan.spaces.argv("h2", "python3", "-c", SERVER))
    lan.wait("h2", LISTENS)
    lan.run("h1", "sysctl", "-qw", "net.ipv4.ip_local_port_range=50000 50001")
    taken = "[socket.create_connection(('10.99.0.2', 80)) for _ in range(2)]"
    serve(*lan.spaces.argv("h1", "python3", "-c", f"import socket,time; held={taken}; time.sleep(60)"))
    lan.wait("h1", "test $(ss -Htn state established | wc -l) -eq 2")
    (judged,) = lan.ask("tcp", TcpTarget("10.99.0.2", 80))
    assert judged.reason is Reason.EXHAUSTED
