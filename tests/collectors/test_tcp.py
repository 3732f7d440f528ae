"""What the kernel knows of TCP: in a real network namespace, and of machines whose counters are known."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from collectors.network import conntrack, neighbour_table, tcp_counters
from collectors.network.net_counters import pairs
from tests.collectors.conftest import about
from wire.judgement import Reason

NAMESPACE = f"h5tcp{os.getpid()}"
LOOK = """
import json, socket, sys, time
from collectors.network import {module} as unit
from collectors.host import Host
host, held = Host("box"), []
def told(*reads):
    time.sleep(1.1)
    seen = [[one.signal, one.subject, one.reason, one.value] for one in unit.read(host)]
    print(json.dumps(seen), flush=True)
def server(port, backlog):
    door = socket.socket(); door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    door.bind(("127.0.0.1", port)); door.listen(backlog); held.append(door); return door
def connect(port, patience=None):
    one = socket.socket(); held.append(one)
    one.setblocking(False) if patience is None else one.settimeout(patience)
    try: one.connect(("127.0.0.1", port))
    except (BlockingIOError, TimeoutError, OSError): pass
    return one
{work}
"""


@pytest.fixture(scope="module")
def namespace():
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    subprocess.run(["ip", "netns", "add", NAMESPACE], check=True)
    subprocess.run(["ip", "-n", NAMESPACE, "link", "set", "lo", "up"], check=True)
    yield NAMESPACE
    subprocess.run(["ip", "netns", "del", NAMESPACE], check=True)


def looks(namespace: str, module: str, work: str) -> list[list[list[object]]]:
    """The judgements of each look that the program took in the namespace."""
    program = LOOK.format(module=module, work=work)
    done = subprocess.run(
        ["ip", "netns", "exec", namespace, sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def reasons(look: list[list[object]], signal: str) -> set[object]:
    return {reason for name, _, reason, _ in look if name == signal}


def test_local_ports_that_run_out_towards_one_address_are_seen(namespace):
    before, after, freed = looks(
        namespace,
        "ephemeral",
        """
open("/proc/sys/net/ipv4/ip_local_port_range", "w").write("40000 40099")
server(5000, 200)
told()
for _ in range(100): connect(5000)
told()
for one in held[1:]: one.close()
held[0].close()
told()
""",
    )
    assert reasons(before, "tcp.ephemeral") == {"ok"}
    assert reasons(after, "tcp.ephemeral") == {"exhausted"}
    assert reasons(freed, "tcp.ephemeral") == {"ok"}


def test_a_service_that_accepts_nothing_has_a_full_queue(namespace):
    *_, full, emptied = looks(
        namespace,
        "listen_queue",
        """
door = server(5001, 4)
told()
for _ in range(5): connect(5001, 0.2)
for _ in range(6): connect(5001)
told(); told()
for _ in range(4): held.append(door.accept()[0])
for one in list(held): one is not door and one.close()
told()
""",
    )
    queue = [one for one in full if one[0] == "tcp.listen_queue" and one[1].startswith("service:")]
    assert [one[2] for one in queue] == ["full"]
    assert all(one[2] == "ok" for one in emptied if one[1] == queue[0][1])


def test_more_ended_connections_than_the_kernel_keeps_are_seen(namespace):
    _, after = looks(
        namespace,
        "tcp_counters",
        """
open("/proc/sys/net/ipv4/tcp_max_tw_buckets", "w").write("2")
door = server(5002, 50)
list(unit.read(host)); told()
for _ in range(20):
    one = connect(5002, 1); other = door.accept()[0]; one.close(); other.close()
told()
""",
    )
    assert reasons(after, "tcp.timewait") == {"full"}


def counters(sent: int, twice: int, lost: int = 0) -> str:
    return (
        f"Tcp: RtoMin OutSegs RetransSegs\nTcp: 200 {sent} {twice}\n"
        f"Udp: InDatagrams RcvbufErrors\nUdp: {sent} {lost}\n"
    )


@pytest.mark.parametrize(
    ("share", "reason"), [(0.0, Reason.OK), (0.01, Reason.OK), (0.05, Reason.HIGH), (0.2, Reason.LOSS)]
)
def test_segments_sent_twice_count_by_their_share(tree, share, reason):
    tree.write("/proc/net/netstat", "TcpExt: ListenDrops\nTcpExt: 0\n")
    tree.write("/proc/net/sockstat", "TCP: inuse 5 orphan 0 tw 1 alloc 6 mem 3\n")
    host = tree.host()
    for look in range(5):
        tree.write("/proc/net/snmp", counters(1000 * look, int(1000 * share) * look))
        judgements = list(tcp_counters.read(host))
        tree.clock.pass_by(10)
    assert about(judgements, "tcp.retransmits").reason is reason


@pytest.mark.parametrize(
    ("pages", "orphans", "aborted", "reason"),
    [
        (100, 0, 0, Reason.OK),
        (2000, 0, 0, Reason.HIGH),
        (3000, 0, 0, Reason.EXHAUSTED),
        (100, 79, 0, Reason.OK),
        (100, 80, 0, Reason.HIGH),
        (100, 100, 0, Reason.EXHAUSTED),
        (100, 0, 3, Reason.EXHAUSTED),
    ],
)
def test_the_memory_of_tcp_is_judged_by_the_limits_of_the_kernel(tree, pages, orphans, aborted, reason):
    tree.write("/proc/sys/net/ipv4/tcp_mem", "1000\t2000\t3000\n")
    tree.write("/proc/sys/net/ipv4/tcp_max_orphans", "100\n")
    tree.write("/proc/net/snmp", counters(1000, 0))
    tree.write("/proc/net/sockstat", f"TCP: inuse 5 orphan {orphans} tw 1 alloc 6 mem {pages}\n")
    host = tree.host()
    for look in range(2):
        tree.write("/proc/net/netstat", f"TcpExt: TCPAbortOnMemory\nTcpExt: {aborted * look}\n")
        judgements = list(tcp_counters.read(host))
        tree.clock.pass_by(10)
    assert about(judgements, "tcp.memory").reason is reason


@pytest.mark.parametrize(("waiting", "reason"), [(79, Reason.OK), (80, Reason.HIGH)])
def test_ended_connections_near_their_limit_are_seen(tree, waiting, reason):
    tree.write("/proc/sys/net/ipv4/tcp_max_tw_buckets", "100\n")
    tree.write("/proc/net/snmp", counters(1000, 0))
    tree.write("/proc/net/netstat", "TcpExt: TCPTimeWaitOverflow\nTcpExt: 0\n")
    tree.write("/proc/net/sockstat", f"TCP: inuse 5 orphan 0 tw {waiting} alloc 6 mem 3\n")
    host = tree.host()
    for _ in range(2):
        judgements = list(tcp_counters.read(host))
        tree.clock.pass_by(10)
    assert about(judgements, "tcp.timewait").reason is reason


def test_datagrams_thrown_away_are_seen(tree):
    tree.write("/proc/net/netstat", "TcpExt: ListenDrops\nTcpExt: 0\n")
    host = tree.host()
    for look in range(5):
        tree.write("/proc/net/snmp", counters(1000 * look, 0, lost=500 * look))
        judgements = list(tcp_counters.read(host))
        tree.clock.pass_by(10)
    assert about(judgements, "udp.buffers").reason is Reason.FULL


@pytest.mark.parametrize(
    ("used", "drops", "reason"),
    [(10, 0, Reason.OK), (900, 0, Reason.HIGH), (1000, 0, Reason.FULL), (900, 5, Reason.FULL)],
)
def test_the_table_of_tracked_connections_is_judged_by_its_limit(tree, used, drops, reason):
    tree.write("/proc/sys/net/netfilter/nf_conntrack_count", f"{used}\n")
    tree.write("/proc/sys/net/netfilter/nf_conntrack_max", "1000\n")
    host = tree.host()
    for look in range(2):
        tree.write("/proc/net/stat/nf_conntrack", f"entries drop early_drop\n0000 {drops * look:08x} 00\n")
        judgements = list(conntrack.read(host))
        tree.clock.pass_by(5)
    assert about(judgements, "tcp.conntrack").reason is reason


@pytest.mark.parametrize(
    ("entries", "full", "reason"), [(5, 0, Reason.OK), (950, 0, Reason.HIGH), (5, 7, Reason.FULL)]
)
def test_the_table_of_neighbours_is_judged_by_its_limit(tree, entries, full, reason):
    tree.write("/proc/sys/net/ipv4/neigh/default/gc_thresh3", "1000\n")
    host = tree.host()
    for look in range(2):
        tree.write(
            "/proc/net/stat/arp_cache", f"entries  allocs table_fulls\n{entries:08x} 0 {full * look:08x}\n"
        )
        judgements = list(neighbour_table.read(host))
        tree.clock.pass_by(30)
    assert about(judgements, "net.neighbour_table").reason is reason


def test_a_machine_that_tracks_nothing_says_nothing(tree):
    assert list(conntrack.read(tree.host())) == []


def test_counters_whose_names_and_figures_differ_in_number_are_read_as_far_as_they_go():
    assert pairs("TcpExt: A B C\nTcpExt: 1 2\nbroken\nIpExt: X\nIpExt: x\n") == {"TcpExt_A": 1, "TcpExt_B": 2}
