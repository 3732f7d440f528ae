"""PostgreSQL in its good and its bad states, asked over its own protocol."""

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

from collectors.applications import postgres
from collectors.clients import postgres_facts, postgres_wire
from collectors.clients.declared import Login
from collectors.clients.scram import Scram
from tests.applications.conftest import free_port, look, machine, name_at, needs, troubles, wait_for
from wire.judgement import Reason, Verdict

AS = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups")
SETTINGS = {"shared_buffers": "4MB", "max_connections": "8", "fsync": "off", "log_lock_waits": "on"}


class Cluster:
    def __init__(self, folder: Path, launch, *, local: str = "peer", host: str = "scram-sha-256") -> None:
        self.port, self.data, self._launch = free_port(), folder / f"data{free_port()}", launch
        self.folder = folder
        subprocess.run(["chown", "postgres:", str(folder)], check=True)
        self.run(
            needs("initdb"), "-D", str(self.data), "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"
        )
        (self.data / "pg_hba.conf").write_text(
            f"local all all {local}\nhost all all 127.0.0.1/32 {host}\nlocal replication all trust\n"
        )

    def run(self, *argv: str) -> str:
        done = subprocess.run([*AS, *argv], capture_output=True, text=True, check=False, cwd="/")
        assert done.returncode == 0, done.stderr
        return done.stdout

    def copy_of(self, primary: Cluster) -> None:
        """Follows the primary, which runs, once it is started."""
        shutil.rmtree(self.data)
        door = ("-h", str(primary.folder), "-p", str(primary.port))
        primary.run(needs("pg_basebackup"), *door, "-D", str(self.data), "-R", "-c", "fast")

    def start(self, **settings: str) -> int:
        self.launch(**settings)
        wait_for(self._ready, "postgres")
        return self.port

    def launch(self, **settings: str) -> None:
        words = [part for key, value in (SETTINGS | settings).items() for part in ("-c", f"{key}={value}")]
        argv = (
            *AS,
            needs("postgres"),
            "-D",
            str(self.data),
            "-p",
            str(self.port),
            "-k",
            str(self.folder),
            *words,
        )
        self._launch(*argv, port=self.port, cwd="/")

    def stop(self) -> None:
        self.run(needs("pg_ctl"), "stop", "-D", str(self.data), "-m", "fast", "-w")

    def _ready(self) -> bool:
        argv = [needs("pg_isready"), "-h", str(self.folder), "-p", str(self.port)]
        return subprocess.run(argv, capture_output=True, check=False).returncode == 0

    @property
    def _psql(self) -> list[str]:
        return [*AS, "psql", "-h", str(self.folder), "-p", str(self.port), "-U", "postgres", "-XAtq"]

    def sql(self, text: str, database: str = "postgres") -> str:
        return self.run(*self._psql[len(AS) :], "-d", database, "-c", text)

    def takes_one_more(self) -> bool:
        """Whether a session came in, which stays: who left a moment ago may still hold the place."""
        came = self.session("SELECT 1;").stdout
        assert came is not None
        return came.readline() == b"1\n"

    def session(self, *texts: str) -> subprocess.Popen[bytes]:
        """Stays open after these statements."""
        child = subprocess.Popen(
            self._psql, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd="/"
        )
        assert child.stdin is not None
        child.stdin.write(("\n".join(texts) + "\n").encode())
        child.stdin.flush()
        return child


@pytest.fixture
def cluster(launch):
    if os.geteuid() != 0:
        pytest.skip("running PostgreSQL as its own user needs root")
    place = Path(tempfile.mkdtemp(prefix="rootward-postgres-"))  # that of pytest is closed to other users
    place.chmod(0o755)
    sessions: list[subprocess.Popen[bytes]] = []

    def make(**how: str) -> Cluster:
        folder = place / f"c{len(list(place.iterdir()))}"
        folder.mkdir()
        made = Cluster(folder, launch, **how)
        inner = made.session

        def session(*texts: str) -> subprocess.Popen[bytes]:
            sessions.append(inner(*texts))
            return sessions[-1]

        made.session = session  # type: ignore[method-assign]
        return made

    yield make
    for child in sessions:
        child.kill()
        child.communicate()
    shutil.rmtree(place)


def test_a_well_one_is_silent_asked_as_its_own_user(cluster, box):
    found = look(postgres, box, cluster().start())
    assert troubles(found) == {}
    assert {"app.answer", "db.connections", "db.locks", "db.wraparound"} <= found.keys()


def test_asking_as_another_user_leaves_this_process_as_it_was(cluster, box):
    look(postgres, box, cluster().start())
    assert os.geteuid() == 0


def test_sessions_that_wait_for_a_lock_are_counted_and_who_blocks_them_named(cluster, box, monkeypatch):
    made = cluster()
    port = made.start()
    made.sql("CREATE TABLE t AS SELECT 1 AS a")
    made.session("BEGIN;", "LOCK TABLE t;")
    wait_for(
        lambda: (
            made.sql("SELECT count(*) FROM pg_locks WHERE mode LIKE 'AccessEx%' AND relation = 't'::regclass")
            == "1\n"
        ),
        "the lock",
    )
    made.session("SELECT * FROM t;")
    wait_for(
        lambda: made.sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'") == "1\n",
        "the waiting",
    )
    monkeypatch.setattr(postgres, "BLOCKED_SECONDS", 0.1)
    time.sleep(0.2)
    locks = look(postgres, box, port)["db.locks"]
    assert (locks.reason, locks.evidence["sessions"]) == (Reason.HUNG, 1)
    assert str(locks.evidence["blocked_by_pids"]).isdigit()


def test_deadlocks_are_told_for_a_while(cluster, box):
    made = cluster()
    port = made.start(deadlock_timeout="10ms")
    made.sql("CREATE TABLE t AS SELECT a FROM generate_series(1, 2) a")
    look(postgres, box, port)
    update = "UPDATE t SET a = a WHERE a = {};".format
    sessions = [made.session("BEGIN;", update(first)) for first in (1, 2)]
    idle = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in%' AND query LIKE 'UPDATE%'"
    wait_for(lambda: made.sql(idle) == "2\n", "both locks")
    for child, second in zip(sessions, (2, 1), strict=True):
        child.stdin.write(f"{update(second)}\nROLLBACK;\n".encode())  # only then it is counted
        child.stdin.flush()
    wait_for(lambda: made.sql("SELECT sum(deadlocks) FROM pg_stat_database") == "1\n", "the deadlock")
    assert troubles(look(postgres, box, port)) == {"db.deadlocks": Reason.ERRORS}


def test_taken_connections_are_told_before_and_when_none_is_left(cluster, box):
    made = cluster()
    port = made.start(superuser_reserved_connections="1")
    for _ in range(7):
        wait_for(made.takes_one_more, "a session")
    assert troubles(look(postgres, box, port))["db.connections"] is Reason.EXHAUSTED
    wait_for(made.takes_one_more, "the last session")
    assert troubles(look(postgres, box, port))["db.connections"] is Reason.EXHAUSTED


def test_a_replica_that_follows_is_silent_and_one_cut_off_is_broken(cluster, box):
    primary, replica = cluster(), cluster()
    primary.start(wal_level="replica", max_wal_senders="2")
    replica.copy_of(primary)
    port = replica.start(max_wal_senders="2")
    wait_for(lambda: replica.sql("SELECT count(*) FROM pg_stat_wal_receiver") == "1\n", "the stream")
    assert troubles(look(postgres, box, port)) == {}
    replica.sql("ALTER SYSTEM SET primary_conninfo = 'host=127.0.0.1 port=1 connect_timeout=2'")
    replica.sql("SELECT pg_reload_conf()")
    wait_for(
        lambda: replica.sql("SELECT count(*) FROM pg_stat_wal_receiver") == "0\n", "the end of the stream"
    )
    found = look(postgres, box, port)["db.replication"]
    assert (found.reason, found.evidence["primary"]) == (Reason.STOPPED, "127.0.0.1:1")


def test_a_replica_that_was_promoted_is_broken_only_while_its_primary_is_at_work(cluster, box):
    primary, replica = cluster(), cluster()
    primary.start(wal_level="replica", max_wal_senders="2")
    replica.copy_of(primary)
    followed = f"host=127.0.0.1 port={primary.port}"
    port = replica.start(max_wal_senders="2", primary_conninfo=followed)
    look(postgres, box, port)
    replica.sql("SELECT pg_promote()")
    found = look(postgres, box, port)["db.replication"]
    assert (found.reason, found.evidence["primary"]) == (Reason.STOPPED, f"127.0.0.1:{primary.port}")
    primary.stop()
    assert troubles(look(postgres, box, port)) == {}


def test_a_paused_replay_is_lag(cluster, box, monkeypatch):
    primary, replica = cluster(), cluster()
    primary.start(wal_level="replica", max_wal_senders="2")
    replica.copy_of(primary)
    port = replica.start(max_wal_senders="2")
    primary.sql("CREATE TABLE t AS SELECT 1")
    wait_for(lambda: replica.sql("SELECT count(*) FROM pg_class WHERE relname = 't'") == "1\n", "the replay")
    replica.sql("SELECT pg_wal_replay_pause()")
    primary.sql("CREATE TABLE u AS SELECT 1")
    wait_for(
        lambda: replica.sql("SELECT pg_last_wal_receive_lsn() > pg_last_wal_replay_lsn()") == "t\n", "the lag"
    )
    monkeypatch.setattr(postgres, "LAG_SECONDS", 0.001)
    assert troubles(look(postgres, box, port)) == {"db.lag": Reason.SLOW}


def test_dead_rows_are_found_in_whichever_database_they_are(cluster, box):
    made = cluster()
    port = made.start(autovacuum="off", maintenance_work_mem="64MB")
    made.sql("CREATE DATABASE shop")
    made.sql("CREATE TABLE small AS SELECT 1")
    made.run(
        *made._psql[len(AS) :],
        "-d",
        "shop",
        "-c",
        "CREATE UNLOGGED TABLE orders AS SELECT a FROM generate_series(1, 1100000) a",
        "-c",
        "DELETE FROM orders",
        "-c",
        "SELECT pg_stat_force_next_flush()",
    )
    bloat = look(postgres, box, port)["db.bloat"]
    assert bloat.reason is Reason.HIGH
    assert (bloat.evidence["database"], bloat.evidence["table"]) == ("shop", "orders")


def test_a_session_that_sits_in_its_transaction_is_told(cluster, box, monkeypatch):
    made = cluster()
    port = made.start()
    made.session("BEGIN;", "SELECT 1;")
    idle = "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'"
    wait_for(lambda: made.sql(idle) == "1\n", "the transaction")
    monkeypatch.setattr(postgres, "IDLE_SECONDS", 0.0)
    assert troubles(look(postgres, box, port)) == {"db.transactions": Reason.HIGH}


def test_a_slot_that_nobody_fetches_from_keeps_the_log_and_is_named(cluster, box, monkeypatch):
    made = cluster()
    port = made.start(wal_level="replica", max_replication_slots="2")
    made.sql("SELECT pg_create_physical_replication_slot('gone', true)")
    made.sql("CREATE TABLE t AS SELECT a FROM generate_series(1, 20000) a")
    monkeypatch.setattr(postgres, "RETAINED_BYTES", 100_000)
    kept = look(postgres, box, port)["db.retained"]
    assert (kept.reason, kept.evidence["slots"]) == (Reason.HIGH, "gone")


def test_the_age_of_transactions_is_that_of_the_oldest_database(cluster, box, monkeypatch):
    made = cluster()
    port = made.start(autovacuum="off")
    made.sql("CREATE DATABASE old")
    for _ in range(3):
        made.sql("CREATE TABLE t AS SELECT 1; DROP TABLE t")
    made.sql("VACUUM FREEZE")
    monkeypatch.setattr(postgres, "XID_NEAR", 1)
    oldest = look(postgres, box, port)["db.wraparound"]
    assert oldest.reason is Reason.HIGH
    assert oldest.evidence["transactions"] == int(made.sql("SELECT max(age(datfrozenxid)) FROM pg_database"))


def declared(made: Cluster, port: int, place: Path) -> Login:
    """Of a role of our own with pg_monitor, by a password in a file."""
    made.sql("CREATE ROLE rootward LOGIN PASSWORD 'hush'; GRANT pg_monitor TO rootward")
    secret = place / "secret"
    secret.write_text("hush")
    secret.chmod(0o600)
    return Login(service=name_at(machine(), port), user="rootward", secret_file=str(secret))


@pytest.mark.parametrize("way", ["scram-sha-256", "md5", "password"])
def test_a_declared_password_signs_in_by_every_way_of_asking(cluster, tmp_path, way):
    made = cluster(local=way, host=way)
    (made.data / "pg_hba.conf").write_text(f"local all postgres peer\nlocal all all {way}\n")
    port = made.start(password_encryption="md5" if way == "md5" else "scram-sha-256")
    login = declared(made, port, tmp_path)
    assert troubles(look(postgres, machine(login=(login,)), port)) == {}


def test_without_a_password_where_one_is_wanted_nothing_is_known_and_the_grant_is_said(cluster, box):
    answer = look(postgres, box, cluster(local="scram-sha-256").start())["app.answer"]
    assert (answer.verdict, answer.reason) == (Verdict.UNKNOWN, Reason.NOT_PERMITTED)
    assert "pg_monitor" in str(answer.evidence["grant"])


def test_one_whose_database_was_closed_to_connections_turns_away_who_signs_in(cluster, box):
    made = cluster()
    port = made.start()
    look(postgres, box, port)
    made.sql("ALTER DATABASE postgres ALLOW_CONNECTIONS false", database="template1")
    answer = look(postgres, box, port)["app.answer"]
    assert (answer.reason, "not currently accepting" in answer.evidence["error"]) == (Reason.AUTH, True)


def test_one_that_does_not_come_to_the_end_of_its_start_is_told_after_a_while(cluster, box, monkeypatch):
    made = cluster()
    made.start()
    look(postgres, box, made.port)
    made.stop()
    (made.data / "recovery.signal").touch()
    made.launch(restore_command="sleep 600")
    answer = look(postgres, box, made.port)["app.answer"]
    assert (answer.verdict, answer.evidence["note"]) == (
        Verdict.UNKNOWN,
        "the database system is starting up",
    )
    monkeypatch.setattr("collectors.clients.answer.STARTS_WITHIN", 0.0)
    assert look(postgres, box, made.port)["app.answer"].reason is Reason.RESTARTING


def test_one_that_turned_us_away_is_not_bothered_at_each_look(cluster, box, monkeypatch):
    port = cluster(local="scram-sha-256").start()
    look(postgres, box, port)
    monkeypatch.setattr(postgres, "Postgres", None)
    assert look(postgres, box, port)["app.answer"].reason is Reason.NOT_PERMITTED


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader_of_rows_and_errors(data):
    for read in (postgres_wire._row, postgres_wire._error):
        with contextlib.suppress(ValueError, postgres_wire.struct.error):
            read(data)


@given(st.binary(max_size=120))
def test_no_challenge_breaks_the_proof(data):
    with contextlib.suppress(ValueError):
        Scram("hush", "abc").answer(data)


@given(st.text(max_size=200))
def test_no_conninfo_tells_a_password(text):
    assert "hush" not in postgres_facts._address(f"password=hush {text}") or "hush" in text


def change(made: Cluster, line: str, file: str = "postgresql.conf") -> None:
    with (made.data / file).open("a") as written:
        written.write(f"{line}\n")


def configuration(box, port: int):
    return look(postgres, box, port).get("svc.config")


@pytest.mark.parametrize(
    ("file", "line", "said"),
    [
        ("postgresql.conf", "work_mem = lots", "setting could not be applied"),
        ("postgresql.conf", "no_such_thing = 1", "unrecognized configuration parameter"),
        ("postgresql.conf", "include 'not-there.conf'", "could not open"),
        ("postgresql.conf", "work_mem 'unclosed", "syntax error"),
        ("pg_hba.conf", "hosst all all 10.0.0.0/8 md5", "invalid connection type"),
    ],
)
def test_files_that_it_would_not_take_are_wrong_while_it_runs_on_as_before(cluster, box, file, line, said):
    made = cluster()
    port = made.start()
    assert configuration(box, port).reason is Reason.OK

    change(made, line, file)
    wrong = configuration(box, port)
    assert wrong.reason is Reason.WRONG
    assert file in str(wrong.evidence["line"])
    assert said in str(wrong.evidence["line"])


def test_files_that_may_not_be_read_are_wrong(cluster, box):
    made = cluster()
    port = made.start()
    (made.data / "postgresql.conf").chmod(0)
    assert configuration(box, port).reason is Reason.WRONG


def test_a_setting_that_waits_for_a_restart_is_no_mistake(cluster, box):
    made = cluster()
    port = made.start()
    change(made, "max_worker_processes = 3")
    assert configuration(box, port).reason is Reason.OK


FILES = (
    "GRANT SELECT ON pg_file_settings, pg_hba_file_rules TO rootward;"
    "GRANT EXECUTE ON FUNCTION pg_show_all_file_settings(), pg_hba_file_rules() TO rootward"
)


def test_who_may_not_see_the_files_says_nothing_of_them(cluster, tmp_path):
    made = cluster(local="scram-sha-256")
    (made.data / "pg_hba.conf").write_text("local all postgres peer\nlocal all all scram-sha-256\n")
    port = made.start()
    login = declared(made, port, tmp_path)
    found = look(postgres, machine(login=(login,)), port)
    assert "db.connections" in found
    assert "svc.config" not in found

    made.sql(FILES)
    assert look(postgres, machine(login=(login,)), port)["svc.config"].reason is Reason.OK
