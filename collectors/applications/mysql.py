"""Have the local MySQL and MariaDB servers room, moving locks, following replicas?"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from collectors.clients.answer import ANSWER, NotPermitted, Refused
from collectors.clients.conversation import converse
from collectors.clients.counting import lately
from collectors.clients.database_limits import BLOCKED_SECONDS, LAG_SECONDS, LONG_SECONDS, NEAR
from collectors.clients.local import Local, found
from collectors.clients.mysql_wire import GRANT, MySql
from collectors.clients.secret import login_for, password
from collectors.clients.unix_sockets import listening_paths
from collectors.host import Host
from collectors.judging import judged
from collectors.unit import SECOND, Collector
from wire.judgement import Judgement, Layer, Reason

CONNECTIONS, LOCKS, DEADLOCKS, TRANSACTIONS = "db.connections", "db.locks", "db.deadlocks", "db.transactions"
REPLICATION, LAG, CLUSTER, INTEGRITY = "db.replication", "db.lag", "app.cluster", "db.integrity"
STATEMENTS = "db.statements"
COLLECTOR = Collector(
    signals=(
        STATEMENTS,
        CONNECTIONS,
        LOCKS,
        DEADLOCKS,
        TRANSACTIONS,
        REPLICATION,
        LAG,
        CLUSTER,
        INTEGRITY,
        ANSWER,
    ),
    layer=Layer.APPLICATION,
    timeout=10 * SECOND,
)
PROGRAMS = ("mysqld", "mariadbd")
BUSY = 0.6
"""Part of all connections that may run a statement at the same time."""
LONG_HISTORY = 1_000_000
"""Undo records that no purge has removed: some transaction has been open for long."""
VARIABLES = ("max_connections", "max_prepared_stmt_count", "innodb_force_recovery", "wsrep_on")
COUNTERS = (
    "Threads_connected",
    "Threads_running",
    "Connection_errors_max_connections",
    "Prepared_stmt_count",
    "Innodb_deadlocks",
    "Innodb_history_list_length",
    "wsrep_ready",
    "wsrep_cluster_status",
    "wsrep_cluster_size",
)
WAITING = """
SELECT count(*) AS waiting, coalesce(max(timestampdiff(SECOND, trx_wait_started, now())), 0) AS seconds,
       coalesce(group_concat(trx_mysql_thread_id), '') AS sessions
FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'"""
LONGEST = """
SELECT coalesce(max(timestampdiff(SECOND, trx_started, now())), 0) AS seconds
FROM information_schema.innodb_trx"""
REPLICA = ("SHOW REPLICA STATUS", "SHOW SLAVE STATUS")
"""The newer word first: MySQL 8.0.22, MariaDB 10.5."""


class MySqlFacts(msgspec.Struct, frozen=True, kw_only=True):
    """By the server's own names, in lower case."""

    status: Mapping[str, str]
    blocked: int = 0
    blocked_for: float = 0.0
    sessions: str = ""
    longest: float = 0.0
    replica: Mapping[str, str] = {}
    """Empty for what replicates from nobody."""

    def number(self, name: str) -> float:
        try:
            return float(self.status.get(name.lower(), "0"))
        except ValueError:
            return 0.0


def read(host: Host) -> Iterable[Judgement]:
    for local in found(host, *PROGRAMS, ports=(3306, 3307)):
        yield from converse(host, local, _ask, judge)


def _ask(host: Host, local: Local) -> MySqlFacts:
    login = login_for(host, local)
    secret = password(host, login)
    path = next((path for path in listening_paths(host) if _is_socket(path)), "")
    if login is None and (os.geteuid() != 0 or not path):
        raise NotPermitted(GRANT, "no login is declared, and there is no Unix socket that knows root")
    with MySql(host.path(path) if path else local.where, login.user if login else "root", secret) as session:
        return _facts(session)


def _is_socket(path: str) -> bool:
    return path.endswith(("/mysqld.sock", "/mysql.sock", "/mariadb.sock"))


def _facts(session: MySql) -> MySqlFacts:
    waiting = _tried(session, WAITING)
    return MySqlFacts(
        status=_pairs(session, "VARIABLES", VARIABLES) | _pairs(session, "STATUS", COUNTERS),
        blocked=int(waiting.get("waiting", "0")),
        blocked_for=float(waiting.get("seconds", "0")),
        sessions=waiting.get("sessions", ""),
        longest=float(_tried(session, LONGEST).get("seconds", "0")),
        replica=next((row for text in REPLICA if (row := _tried(session, text))), {}),
    )


def _pairs(session: MySql, kind: str, names: tuple[str, ...]) -> dict[str, str]:
    wanted = ", ".join(f"'{name}'" for name in names)
    rows = session.query(f"SHOW GLOBAL {kind} WHERE Variable_name IN ({wanted})")
    return {str(row["Variable_name"]).lower(): row["Value"] or "" for row in rows}


def _tried(session: MySql, text: str) -> dict[str, str]:
    """The first row; nothing for a question that this server or this user may not be asked."""
    try:
        rows = session.query(text)
    except (NotPermitted, Refused):
        return {}
    return {name.lower(): value or "" for name, value in rows[0].items()} if rows else {}


def judge(facts: MySqlFacts, host: Host, subject: str) -> Iterator[Judgement]:
    limit = max(1.0, facts.number("max_connections"))
    share = facts.number("Threads_connected") / limit
    turned = lately(host, f"{subject} refused", facts.number("Connection_errors_max_connections"))
    near = share >= NEAR or facts.number("Threads_running") / limit >= BUSY
    reason = Reason.EXHAUSTED if turned or share >= 1 else Reason.HIGH if near else Reason.OK
    yield judged(
        CONNECTIONS,
        subject,
        reason,
        round(share, 4),
        limit=limit,
        running=facts.number("Threads_running"),
    )
    prepared = facts.number("Prepared_stmt_count") / max(1.0, facts.number("max_prepared_stmt_count"))
    yield judged(STATEMENTS, subject, Reason.HIGH if prepared >= NEAR else Reason.OK, round(prepared, 4))
    blocked = facts.blocked_for >= BLOCKED_SECONDS
    yield judged(
        LOCKS,
        subject,
        Reason.HUNG if blocked else Reason.OK,
        facts.blocked_for,
        sessions=facts.blocked,
        waiting_threads=facts.sessions,
    )
    dead = lately(host, f"{subject} deadlocks", facts.number("Innodb_deadlocks"))
    yield judged(DEADLOCKS, subject, Reason.ERRORS if dead else Reason.OK, facts.number("Innodb_deadlocks"))
    history = facts.number("Innodb_history_list_length")
    long = facts.longest >= LONG_SECONDS or history >= LONG_HISTORY
    yield judged(
        TRANSACTIONS, subject, Reason.HIGH if long else Reason.OK, facts.longest, history_list=history
    )
    forced = facts.number("innodb_force_recovery")
    yield judged(
        INTEGRITY, subject, Reason.ERRORS if forced else Reason.OK, forced, what="innodb_force_recovery"
    )
    yield from _replica(facts.replica, subject)
    if facts.status.get("wsrep_on", "").upper() in ("ON", "1"):
        yield _galera(facts, subject)


def _replica(row: Mapping[str, str], subject: str) -> Iterator[Judgement]:
    """Old and new words of the same columns."""

    def told(*names: str) -> str:
        return next((row[name] for name in names if name in row), "")

    if not row:
        return
    io = told("replica_io_running", "slave_io_running")
    sql = told("replica_sql_running", "slave_sql_running")
    error = told("last_io_error") or told("last_sql_error") or told("last_error")
    stopped = "No" in (io, sql)
    reason = Reason.OK
    if stopped or (error and io != "Yes"):
        reason = Reason.ERRORS if error else Reason.STOPPED
    yield judged(
        REPLICATION,
        subject,
        reason,
        error=error,
        primary=told("source_host", "master_host"),
        io_running=io,
        sql_running=sql,
    )
    behind = told("seconds_behind_source", "seconds_behind_master")
    if behind:
        lag = max(0.0, float(behind) - float(told("sql_delay") or 0))
        yield judged(LAG, subject, Reason.SLOW if lag >= LAG_SECONDS else Reason.OK, lag)


def _galera(facts: MySqlFacts, subject: str) -> Judgement:
    ready = facts.status.get("wsrep_ready", "").upper() == "ON"
    primary = facts.status.get("wsrep_cluster_status", "") == "Primary"
    return judged(
        CLUSTER,
        subject,
        Reason.OK if ready and primary else Reason.STOPPED,
        facts.number("wsrep_cluster_size"),
        state=facts.status.get("wsrep_cluster_status", ""),
    )
