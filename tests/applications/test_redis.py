"""Redis in its good and its bad states, asked over its own protocol."""

from __future__ import annotations

import contextlib
import socket
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.applications import redis
from collectors.clients import redis_facts, resp
from collectors.clients.declared import Login
from collectors.clients.stream import Stream
from tests.applications.conftest import free_port, look, machine, name_at, needs, troubles, wait_for
from wire.judgement import Reason, Verdict


@pytest.fixture
def server(launch, tmp_path):
    program = needs("redis-server")

    def start(*settings: str, port: int = 0) -> int:
        port = port or free_port()
        folder = tmp_path / str(port)
        folder.mkdir()
        launch(program, "--port", str(port), "--dir", str(folder), "--save", "", *settings, port=port)
        return port

    return start


def cli(port: int, *words: str) -> str:
    done = subprocess.run(["redis-cli", "-p", str(port), *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_well_one_is_silent_and_answers(server, box):
    found = look(redis, box, server())
    assert troubles(found) == {}
    assert {"app.answer", "cache.memory", "cache.role", "db.connections"} <= found.keys()


def test_a_full_one_that_may_evict_nothing_is_named(server, box):
    port = server("--maxmemory", "1500000", "--maxmemory-policy", "noeviction")
    for number in range(40):
        cli(port, "SET", f"key{number}", "x" * 60_000)
    assert troubles(look(redis, box, port))["cache.memory"] is Reason.FULL


def test_a_full_one_that_evicts_lives_as_it_should(server, box):
    port = server("--maxmemory", "1500000", "--maxmemory-policy", "allkeys-lru")
    for number in range(40):
        cli(port, "SET", f"key{number}", "x" * 60_000)
    assert "cache.memory" not in troubles(look(redis, box, port))


def test_writes_to_a_replica_show_that_its_role_is_wrong(server, box):
    primary, replica = server(), server()
    look(redis, box, replica)
    cli(replica, "REPLICAOF", "127.0.0.1", str(primary))
    wait_for(lambda: "master_link_status:up" in cli(replica, "INFO", "replication"), "the replica")
    assert "cache.role" not in troubles(look(redis, box, replica))
    cli(replica, "SET", "a", "b")
    box.memory["counters"] = {}
    look(redis, box, replica)
    cli(replica, "SET", "a", "b")
    assert troubles(look(redis, box, replica))["cache.role"] is Reason.WRONG


def test_a_primary_that_refuses_writes_for_want_of_replicas_has_no_role_to_play(server, box):
    port = server("--min-replicas-to-write", "1")
    look(redis, box, port)
    assert "NOREPLICAS" in cli(port, "SET", "a", "b")
    assert troubles(look(redis, box, port))["cache.role"] is Reason.WRONG


def test_a_replica_without_its_primary_is_broken(server, box):
    port = server("--replicaof", "127.0.0.1", str(free_port()))
    found = troubles(look(redis, box, port))
    assert found["db.replication"] is Reason.STOPPED


def test_one_that_cannot_save_is_named(server, box, tmp_path):
    port = server("--enable-protected-configs", "yes")
    cli(port, "CONFIG", "SET", "dir", str(tmp_path))
    (tmp_path / "dump.rdb").mkdir()
    cli(port, "BGSAVE")
    wait_for(lambda: "rdb_last_bgsave_status:err" in cli(port, "INFO", "persistence"), "the failing save")
    assert troubles(look(redis, box, port))["cache.persistence"] is Reason.ERRORS


def test_one_without_a_free_connection_is_named(server, box):
    port = server("--maxclients", "4")
    held = [socket.create_connection(("127.0.0.1", port)) for _ in range(8)]
    try:
        found = look(redis, box, port)
    finally:
        for sock in held:
            sock.close()
    assert troubles(found)["db.connections"] is Reason.EXHAUSTED, found


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        (("--bind", "0.0.0.0"), {"app.answer": Reason.AUTH}),
        (("--bind", "0.0.0.0", "--requirepass", ""), {"app.answer": Reason.AUTH}),
        (("--bind", "0.0.0.0", "--protected-mode", "no"), {"db.connections": Reason.EXHAUSTED}),
        (("--bind", "127.0.0.1"), {"db.connections": Reason.EXHAUSTED}),
    ],
)
def test_one_that_is_protected_from_others_says_whom_it_turns_away(server, box, settings, found):
    """Here whom it has no place for: it counts them in one."""
    port = server("--maxclients", "4", *settings)
    look(redis, box, port)
    held = [socket.create_connection(("127.0.0.1", port)) for _ in range(8)]
    for sock in held[-1:]:
        sock.recv(100)  # turned away
    for sock in held:
        sock.close()
    wait_for(lambda: "connected_clients:1\n" in cli(port, "INFO", "clients"), "room")
    assert troubles(look(redis, box, port)) == found


def test_one_that_runs_a_script_without_end_serves_nobody(server, box):
    port = server("--lua-time-limit", "50")
    look(redis, box, port)
    script = ["redis-cli", "-p", str(port), "EVAL", "while true do end", "0"]
    endless = subprocess.Popen(script, stdout=subprocess.DEVNULL)
    try:
        wait_for(lambda: "BUSY" in cli(port, "PING"), "the script")
        assert troubles(look(redis, box, port))["app.answer"] is Reason.REQUEST_TIMEOUT
    finally:
        cli(port, "SCRIPT", "KILL")
        endless.wait(20)


@pytest.mark.parametrize(
    ("said", "reason"), [("SET a b", Reason.REQUEST_TIMEOUT), ("BLPOP no-such-list 60", None)]
)
def test_one_whose_clients_were_paused_serves_nobody(server, box, monkeypatch, said, reason):
    port = server()
    look(redis, box, port)
    monkeypatch.setattr(redis_facts, "PAUSED_SECONDS", 0.0)
    cli(port, "CLIENT", "PAUSE", "60000", "WRITE")
    with socket.create_connection(("127.0.0.1", port)) as writer:
        writer.sendall(f"{said}\r\n".encode())
        wait_for(lambda: " flags=b" in cli(port, "CLIENT", "LIST"), "the pause")
        found = troubles(look(redis, box, port)).get("app.answer")
    assert found is reason


def test_one_that_always_wanted_a_password_is_unknown_and_says_how_to_grant_it(server, box):
    found = look(redis, box, server("--requirepass", "hush"))
    assert found["app.answer"].verdict is Verdict.UNKNOWN
    assert found["app.answer"].reason is Reason.NOT_PERMITTED
    assert "secret_file" in str(found["app.answer"].evidence["grant"])


def test_a_password_that_was_set_behind_its_clients_backs_is_a_fault(server, box):
    port = server()
    look(redis, box, port)
    cli(port, "CONFIG", "SET", "requirepass", "hush")
    assert troubles(look(redis, box, port))["app.answer"] is Reason.AUTH


def test_a_declared_password_from_a_private_file_is_used(server, tmp_path):
    port = server("--requirepass", "hush")
    secret = tmp_path / "secret"
    secret.write_text("hush\n")
    secret.chmod(0o600)
    host = machine(login=(Login(service=name_at(machine(), port), secret_file=str(secret)),))
    assert troubles(look(redis, host, port)) == {}


def test_a_password_file_that_others_may_read_is_not_used(server, tmp_path):
    port = server("--requirepass", "hush")
    secret = tmp_path / "secret"
    secret.write_text("hush\n")
    secret.chmod(0o640)
    host = machine(login=(Login(service=name_at(machine(), port), secret_file=str(secret)),))
    answer = look(redis, host, port)["app.answer"]
    assert (answer.reason, answer.evidence["grant"]) == (Reason.NOT_PERMITTED, f"chmod 600 {secret}")


def test_a_cluster_without_all_its_slots_is_down(server, box):
    port = server("--cluster-enabled", "yes")
    assert troubles(look(redis, box, port))["app.cluster"] is Reason.STOPPED


def test_a_sentinel_tells_that_its_primary_is_gone(launch, box, tmp_path: Path):
    port, gone = free_port(), free_port()
    file = tmp_path / "sentinel.conf"
    file.write_text(
        f"port {port}\nsentinel monitor shop 127.0.0.1 {gone} 1\nsentinel down-after-milliseconds shop 200\n"
    )
    launch(needs("redis-server"), str(file), "--sentinel", port=port)
    wait_for(lambda: "odown" in cli(port, "INFO", "sentinel"), "the judgement of the sentinel")
    assert troubles(look(redis, box, port))["app.cluster"] is Reason.STOPPED


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader_of_answers(data):
    here, there = socket.socketpair()
    with here:
        there.sendall(data)
        there.close()
        stream = Stream.__new__(Stream)
        stream._sock, stream._heard, stream._deadline = here, bytearray(), float("inf")
        stream._wait = lambda: None  # type: ignore[method-assign]
        with contextlib.suppress(ValueError, EOFError, resp.NotPermitted, resp.Refused):
            resp.read(stream)
