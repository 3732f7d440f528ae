"""memcached, asked for its statistics."""

from __future__ import annotations

import os
import select
import socket

import pytest

from collectors.applications import memcached
from tests.applications.conftest import free_port, look, needs, troubles, wait_for
from wire.judgement import Reason


@pytest.fixture
def server(launch):
    def start(*settings: str) -> int:
        port = free_port()
        user = ("-u", "nobody") if os.geteuid() == 0 else ()
        launch(needs("memcached"), *user, "-l", "127.0.0.1", "-p", str(port), "-U", "0", *settings, port=port)
        return port

    return start


def test_a_well_one_is_silent(server, box):
    found = look(memcached, box, server())
    assert troubles(found) == {}
    assert {"app.answer", "cache.evictions", "db.connections"} <= found.keys()


def answers(port):
    with socket.create_connection(("127.0.0.1", port), 60) as sock:
        try:
            sock.sendall(b"version\r\n")
            return sock.recv(64).startswith(b"VERSION")
        except OSError:
            return False


def test_one_that_turns_connections_away_is_told(server, box):
    port = server("-c", "64", "-o", "maxconns_fast")
    look(memcached, box, port)
    held = [socket.create_connection(("127.0.0.1", port)) for _ in range(100)]
    wait_for(lambda: bool(select.select(held, [], [], 0)[0]), "the refusal")
    for sock in held[:60]:
        sock.close()
    wait_for(lambda: answers(port), "room")
    try:
        found = look(memcached, box, port)
    finally:
        for sock in held:
            sock.close()
    assert troubles(found)["db.connections"] is Reason.EXHAUSTED
