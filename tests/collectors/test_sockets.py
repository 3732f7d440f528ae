"""The table of sockets, by sock_diag and by /proc."""

from __future__ import annotations

import os
import socket

import pytest

from collectors.host import Host
from collectors.process_table import Looked
from collectors.services.socket_owners import owners
from collectors.services.sockets import ESTABLISHED, LISTEN, _listed, sockets
from tests.waiting import soon


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_both_ways_tell_the_same_of_a_listening_socket(host, address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, 0), family=family) as door:
        port = door.getsockname()[1]
        by_kernel = [row for row in sockets(host, "tcp", LISTEN) if row.port == port]
        by_files = [
            row for row in _listed(host, "tcp", "6" if ":" in address else "", LISTEN) if row.port == port
        ]
    assert [(row.address, row.inode) for row in by_kernel] == [(row.address, row.inode) for row in by_files]


def test_connections_that_wait_to_be_accepted_are_counted(host):
    with socket.create_server(("127.0.0.1", 0)) as door, socket.create_connection(door.getsockname()):
        port = door.getsockname()[1]
        assert soon(lambda: [row.waiting for row in sockets(host, "tcp", LISTEN) if row.port == port] == [1])


def test_the_process_behind_a_socket_is_found(host):
    with socket.create_server(("127.0.0.1", 0)) as door:
        inode = os.fstat(door.fileno()).st_ino
        assert owners(host, "test", {inode}, Looked(host))[inode] == (os.getpid(),)


def test_an_ipv4_connection_of_an_ipv6_socket_shows_its_ipv4_address(host):
    with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as door:
        port = door.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            here = ("127.0.0.1", client.getsockname()[1])

            def remote() -> list[tuple[str, int]]:
                rows = sockets(host, "tcp", ESTABLISHED)
                return [(row.remote_address, row.remote_port) for row in rows if row.port == port]

            assert soon(lambda: remote() == [here])


def test_a_tree_of_files_is_read_and_not_the_kernel(tree):
    head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"
    row = "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000003 00:00000000 00000000  33        0 4242 1"
    tree.write("/proc/net/tcp", f"{head}\n{row}\n")
    (found,) = sockets(tree.host(), "tcp", LISTEN)
    assert (found.address, found.port, found.inode, found.uid, found.waiting) == (
        "127.0.0.1",
        8080,
        4242,
        33,
        3,
    )


def test_a_machine_without_socket_tables_is_an_error(tree):
    with pytest.raises(FileNotFoundError):
        sockets(Host("box", str(tree.root)), "tcp", LISTEN)
