"""MariaDB in its good and its bad states, asked over its own protocol."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.applications import mysql
from collectors.clients import mysql_wire
from collectors.clients.declared import Login
from tests.applications.conftest import free_port, look, machine, name_at, needs, troubles, wait_for
from wire.judgement import Reason, Verdict


class Server:
    def __init__(self, folder: Path, launch) -> None:
        self.folder, self.port, self._launch = folder, free_port(), launch
        self.socket = folder / "mysqld.sock"
        self._sessions: list[subprocess.Popen[bytes]] = []
        subprocess.run(
            [needs("mariadb-install-db"), "--no-defaults", "--user=mysql", f"--datadir={folder}/data",
             "--auth-root-authentication-method=socket", "--auth-root-socket-user=root", "--skip-test-db"],
            check=True, capture_output=True,
        )  # fmt: skip

    def start(self, *settings: str) -> int:
        own = (f"--datadir={self.folder}/data", f"--socket={self.socket}", f"--port={self.port}")
        small = ("--innodb-buffer-pool-size=8M", "--innodb-flush-method=fsync", "--skip-log-bin")
        argv = (needs("mariadbd"), "--no-defaults", "--user=mysql", *own, *small, *settings)
        self._launch(*argv, port=self.port)
        return self.port

    def sql(self, text: str) -> str:
        done = subprocess.run([*self._client, "-e", text], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def filled(self) -> bool:
        """Whether it takes no one more; else one session more is opened."""
        if subprocess.run([*self._client, "-e", ""], capture_output=True, check=False).returncode:
            return True
        self.session("SELECT 1;")
        return False

    def session(self, text: str) -> None:
        """One that stays until the end of the test."""
        child = subprocess.Popen(
            [*self._client, "-n", "-f"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
        )
        self._sessions.append(child)
        assert child.stdin is not None
        child.stdin.write(text.encode() + b"\n")
        child.stdin.flush()

    def transactions(self, state: str) -> int:
        """InnoDB tells what it told before to whoever asks again within 0.1 s."""
        time.sleep(0.2)
        return self.sql("SELECT trx_state FROM information_schema.innodb_trx").splitlines().count(state)

    def close(self) -> None:
        for child in self._sessions:
            child.kill()
            child.communicate()

    @property
    def _client(self) -> list[str]:
        return [needs("mariadb"), "--no-defaults", f"--socket={self.socket}", "-u", "root", "-BN"]


@pytest.fixture
def server(launch):
    if os.geteuid() != 0:
        pytest.skip("running MariaDB as its own user needs root")
    if shutil.which("mariadbd", path="/usr/sbin:/usr/bin") is None:
        # No package of the list: its installation would push out a MySQL that somebody works with.
        pytest.skip("mariadb-server is not on this machine")
    folder = Path(tempfile.mkdtemp(prefix="rootward-mariadb-"))
    shutil.chown(folder, "mysql")
    running = Server(folder, launch)
    yield running
    running.close()
    shutil.rmtree(folder, ignore_errors=True)


def test_a_well_one_is_silent_asked_over_its_socket(server, box):
    found = look(mysql, box, server.start())
    assert troubles(found) == {}
    assert {"app.answer", "db.connections", "db.locks"} <= found.keys()


def test_a_session_that_waits_for_a_lock_is_seen(server, box, monkeypatch):
    port = server.start()
    server.sql("CREATE DATABASE shop; CREATE TABLE shop.t (a INT PRIMARY KEY); INSERT INTO shop.t VALUES (1)")
    server.session("BEGIN; SELECT * FROM shop.t WHERE a = 1 FOR UPDATE;")
    wait_for(lambda: server.transactions("RUNNING") == 1, "the lock")
    server.session("UPDATE shop.t SET a = 2 WHERE a = 1;")
    wait_for(lambda: server.transactions("LOCK WAIT") == 1, "the wait")
    time.sleep(1.2)
    monkeypatch.setattr(mysql, "BLOCKED_SECONDS", 1.0)
    locks = look(mysql, box, port)["db.locks"]
    assert (locks.reason, locks.evidence["sessions"]) == (Reason.HUNG, 1)


def test_a_replica_that_cannot_reach_its_primary_is_broken(server, box):
    port = server.start("--server-id=2")
    server.sql("CHANGE MASTER TO master_host='127.0.0.1', master_port=1, master_user='x'; START SLAVE")
    wait_for(lambda: "error" in server.sql("SHOW SLAVE STATUS"), "the error")
    found = look(mysql, box, port)["db.replication"]
    assert (found.reason, found.evidence["primary"]) == (Reason.ERRORS, "127.0.0.1")


def test_connections_turned_away_are_told(server, box):
    port = server.start("--max-connections=10")
    look(mysql, box, port)
    # A session that has just ended still takes up a place for a moment: it may not have been the last one.
    wait_for(
        lambda: (
            server.filled() and troubles(look(mysql, box, port)).get("db.connections") is Reason.EXHAUSTED
        ),
        "the last session",
    )


def test_a_declared_password_signs_in_over_tcp(server, tmp_path, monkeypatch):
    port = server.start()
    server.sql(
        "CREATE USER rootward@'127.0.0.1' IDENTIFIED BY 'hush';"
        "GRANT PROCESS, BINLOG MONITOR, SLAVE MONITOR ON *.* TO rootward@'127.0.0.1'"
    )
    secret = tmp_path / "secret"
    secret.write_text("hush")
    secret.chmod(0o600)
    login = Login(service=name_at(machine(), port), user="rootward", secret_file=str(secret))
    monkeypatch.setattr(mysql, "listening_paths", lambda host: [])
    assert troubles(look(mysql, machine(login=(login,)), port)) == {}


def test_a_wrong_password_is_unknown_and_says_how_to_grant_it(server, tmp_path):
    port = server.start()
    secret = tmp_path / "secret"
    secret.write_text("wrong")
    secret.chmod(0o600)
    login = Login(service=name_at(machine(), port), user="rootward", secret_file=str(secret))
    answer = look(mysql, machine(login=(login,)), port)["app.answer"]
    assert (answer.verdict, answer.reason) == (Verdict.UNKNOWN, Reason.NOT_PERMITTED)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_readers(data):
    for read in (mysql_wire._greeting, mysql_wire._column, mysql_wire._values, mysql_wire._error):
        with contextlib.suppress(ValueError, IndexError):
            read(data)
