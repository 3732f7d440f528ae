"""What a PostgreSQL server tells of itself, by queries that need no more than pg_monitor; its files more."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from collectors.clients.answer import NotPermitted, Refused
from collectors.clients.postgres_wire import Postgres

BLOCKED = """
SELECT count(*), coalesce(extract(epoch FROM max(clock_timestamp() - a.query_start)), 0),
       coalesce(string_agg(DISTINCT a.datname, ','), ''),
       coalesce(string_agg(DISTINCT array_to_string(pg_blocking_pids(a.pid), ','), ','), '')
FROM pg_stat_activity a WHERE a.wait_event_type = 'Lock' AND cardinality(pg_blocking_pids(a.pid)) > 0"""
ACTIVITY = """
SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
       current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
       coalesce(extract(epoch FROM max(clock_timestamp() - xact_start)
                FILTER (WHERE state LIKE 'idle in %')), 0),
       coalesce(extract(epoch FROM max(clock_timestamp() - xact_start)
                FILTER (WHERE backend_type = 'client backend')), 0)
FROM pg_stat_activity"""
DATABASES = """
SELECT coalesce(sum(deadlocks), 0), (SELECT coalesce(max(age(datfrozenxid)), 0) FROM pg_database),
       pg_is_in_recovery(),
       (SELECT datname FROM pg_database ORDER BY age(datfrozenxid) DESC LIMIT 1)
FROM pg_stat_database"""
CHECKSUMS = "SELECT coalesce(sum(checksum_failures), 0) FROM pg_stat_database"  # since PostgreSQL 12
REPLICA = """
SELECT CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
            ELSE coalesce(extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()), 0) END,
       (SELECT count(*) FROM pg_stat_wal_receiver WHERE status = 'streaming'),
       current_setting('primary_conninfo', true), pg_is_wal_replay_paused()"""
SLOTS = """
SELECT count(*), coalesce(max(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)), 0),
       coalesce(string_agg(slot_name, ','), '')
FROM pg_replication_slots WHERE NOT active AND restart_lsn IS NOT NULL"""
REPLICAS = "SELECT DISTINCT host(client_addr) FROM pg_stat_replication WHERE client_addr IS NOT NULL"
FILES = """
SELECT sourcefile || ':' || coalesce(sourceline::text, ''), coalesce(name, ''), error
FROM pg_file_settings WHERE error IS NOT NULL"""
PENDING = "SELECT name FROM pg_settings WHERE pending_restart"
HBA = "SELECT 'pg_hba.conf:' || line_number, '', error FROM pg_hba_file_rules WHERE error IS NOT NULL"
BLOAT = """
SELECT n_dead_tup::float / (n_live_tup + n_dead_tup), relname, current_database()
FROM pg_stat_all_tables WHERE n_dead_tup > 1000000 ORDER BY 1 DESC LIMIT 1"""
OTHERS = """
SELECT d.datname FROM pg_database d JOIN pg_stat_database s ON s.datid = d.oid
WHERE d.datallowconn AND NOT d.datistemplate AND has_database_privilege(d.oid, 'CONNECT')
      AND d.datname <> current_database()
ORDER BY s.tup_updated + s.tup_deleted DESC LIMIT 8"""


class Bloat(msgspec.Struct, frozen=True):
    """The table with the largest share of dead rows, of those that have many."""

    dead_share: float = 0.0
    table: str = ""
    database: str = ""


class PostgresFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds, counts and shares; what an older server does not know stays 0."""

    connections: int = 0
    connection_limit: int = 0
    idle_in_transaction: float = 0.0
    longest_transaction: float = 0.0
    blocked: int = 0
    blocked_for: float = 0.0
    blocked_in: str = ""
    blocked_by: str = ""
    deadlocks: int = 0
    oldest_xid_age: int = 0
    oldest_database: str = ""
    checksum_failures: int = 0
    replica: bool = False
    lag: float = 0.0
    streaming: int = 0
    primary: str = ""
    """Host and port of primary_conninfo, without anything else of it."""
    paused: bool = False
    replicas: tuple[str, ...] = ()
    """Addresses of those who follow it."""
    lost_slots: int = 0
    retained_bytes: float = 0.0
    slots: str = ""
    bloat: Bloat = Bloat()
    complaint: str | None = None
    """File, line and mistake where it would not take its configuration; None where we may not see that."""
    others: tuple[str, ...] = ()
    """The busiest of the other databases: a session sees the tables of its own only."""


def ask(session: Postgres) -> PostgresFacts:
    """Raises ValueError for a server that is too old to be asked; what may not be seen is left out."""
    try:
        facts = _core(session)
    except Refused as error:
        raise ValueError(f"it does not know these questions: {error}") from None
    further = [_checksums, _replica] if facts.replica else [_checksums, _slots, _bloat]
    further.append(_files)
    for each in further:
        facts = _tried(each, session, facts)
    return facts


def _core(session: Postgres) -> PostgresFacts:
    used, limit, idle, longest = session.query(ACTIVITY)[0]
    waiting, since, where, by = session.query(BLOCKED)[0]
    deadlocks, age, replica, oldest = session.query(DATABASES)[0]
    return PostgresFacts(
        connections=_int(used),
        connection_limit=_int(limit),
        idle_in_transaction=_float(idle),
        longest_transaction=_float(longest),
        blocked=_int(waiting),
        blocked_for=_float(since),
        blocked_in=where or "",
        blocked_by=by or "",
        deadlocks=_int(deadlocks),
        oldest_xid_age=_int(age),
        oldest_database=oldest or "",
        replica=replica == "t",
    )


def _checksums(session: Postgres, facts: PostgresFacts) -> PostgresFacts:
    return msgspec.structs.replace(facts, checksum_failures=_int(session.query(CHECKSUMS)[0][0]))


def _replica(session: Postgres, facts: PostgresFacts) -> PostgresFacts:
    lag, streaming, conninfo, paused = session.query(REPLICA)[0]
    return msgspec.structs.replace(
        facts,
        lag=_float(lag),
        streaming=_int(streaming),
        primary=_address(conninfo or ""),
        paused=paused == "t",
    )


def _slots(session: Postgres, facts: PostgresFacts) -> PostgresFacts:
    lost, behind, names = session.query(SLOTS)[0]
    replicas = tuple(address for (address,) in session.query(REPLICAS) if address)
    return msgspec.structs.replace(
        facts, lost_slots=_int(lost), retained_bytes=_float(behind), slots=names or "", replicas=replicas
    )


def _bloat(session: Postgres, facts: PostgresFacts) -> PostgresFacts:
    others = tuple(name for (name,) in session.query(OTHERS) if name)
    return msgspec.structs.replace(facts, bloat=bloat(session), others=others)


def _files(session: Postgres, facts: PostgresFacts) -> PostgresFacts:
    """What only waits for a restart is no mistake; the server learns what waits by reading its files."""
    wrong = session.query(FILES)
    pending = {name for (name,) in session.query(PENDING)} if wrong else set()
    wrong = [one for one in wrong if one[1] not in pending] or session.query(HBA)
    first = " ".join(word for word in wrong[0] if word) if wrong else ""
    return msgspec.structs.replace(facts, complaint=first)


def bloat(session: Postgres) -> Bloat:
    """Of the session's own database. Raises NotPermitted, Refused."""
    for share, table, database in session.query(BLOAT):
        return Bloat(_float(share), table or "", database or "")
    return Bloat()


Step = Callable[[Postgres, PostgresFacts], PostgresFacts]


def _tried(step: Step, session: Postgres, facts: PostgresFacts) -> PostgresFacts:
    try:
        return step(session, facts)
    except (NotPermitted, Refused, IndexError):
        return facts


def _address(conninfo: str) -> str:
    """``host=10.0.0.5 port=5432 password=…`` → ``10.0.0.5:5432``."""
    words = dict(word.split("=", 1) for word in conninfo.split() if "=" in word)
    host = words.get("host", "").strip("'")
    return f"{host}:{words.get('port', '5432').strip(chr(39))}" if host else ""


def _int(text: str | None) -> int:
    return int(float(text or 0))


def _float(text: str | None) -> float:
    return float(text or 0)
