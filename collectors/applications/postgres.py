"""Have the local PostgreSQL servers room, moving locks, following replicas?"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator

import msgspec

from collectors.clients.answer import ANSWER, NotPermitted, Refused
from collectors.clients.conversation import converse
from collectors.clients.counting import lately
from collectors.clients.database_limits import BLOCKED_SECONDS, LAG_SECONDS, LONG_SECONDS, NEAR
from collectors.clients.following import followed, left
from collectors.clients.local import Local, found
from collectors.clients.postgres_facts import Bloat, PostgresFacts, bloat
from collectors.clients.postgres_facts import ask as ask_facts
from collectors.clients.postgres_wire import GRANT, Postgres
from collectors.clients.secret import login_for, password
from collectors.clients.stream import Where
from collectors.clients.unix_sockets import listening_paths
from collectors.host import Host
from collectors.judging import judged
from collectors.unit import SECOND, Collector
from wire.judgement import Judgement, Layer, Reason

WRAPAROUND, CONNECTIONS, LOCKS, DEADLOCKS = "db.wraparound", "db.connections", "db.locks", "db.deadlocks"
TRANSACTIONS, REPLICATION, LAG = "db.transactions", "db.replication", "db.lag"
BLOAT, INTEGRITY, RETAINED, CONFIG = "db.bloat", "db.integrity", "db.retained", "svc.config"
COLLECTOR = Collector(
    signals=(
        WRAPAROUND,
        CONNECTIONS,
        LOCKS,
        DEADLOCKS,
        TRANSACTIONS,
        REPLICATION,
        LAG,
        BLOAT,
        INTEGRITY,
        RETAINED,
        CONFIG,
        ANSWER,
    ),
    layer=Layer.APPLICATION,
    timeout=10 * SECOND,
)
PROGRAMS = ("postgres", "postmaster")
IDLE_SECONDS = 600.0
XID_NEAR, XID_END = 1_000_000_000, 1_800_000_000
"""Of 2^31: PostgreSQL warns and then refuses near the end; autovacuum begins at 200 million."""
RETAINED_BYTES = 5 * 1024**3
DEAD_SHARE = 0.5
BLOAT_SECONDS = 600.0
"""Between two looks into the other databases: each costs a session, and dead rows pile up slowly."""


def read(host: Host) -> Iterable[Judgement]:
    for local in found(host, *PROGRAMS, ports=(5432, 5433)):
        yield from converse(host, local, _ask, judge)


def _ask(host: Host, local: Local) -> PostgresFacts:
    """As was declared; else, if we are root, as the user that the server itself runs as."""
    login = login_for(host, local)
    secret = password(host, login)
    where = _socket(host, local.port) or local.where
    uid, owner = 0, login.user if login else ""
    if not owner:
        uid, owner = _owner(host, local.service.pid)
        if os.geteuid() not in (0, uid):
            raise NotPermitted(GRANT, "no login is declared, and this agent is not root")

    def sign_in(database: str) -> Postgres:
        return Postgres(where, owner, secret, database, uid=uid)

    with sign_in((login and login.database) or "postgres") as session:
        facts = ask_facts(session)
    if not facts.others:
        return facts
    key = f"dead rows {local.subject(host)}"
    elsewhere = host.cached(key, BLOAT_SECONDS, lambda: [*_elsewhere(sign_in, facts.others)])
    worst = max(facts.bloat, *elsewhere, key=lambda one: one.dead_share) if elsewhere else facts.bloat
    return msgspec.structs.replace(facts, bloat=worst)


def _elsewhere(sign_in: Callable[[str], Postgres], databases: Iterable[str]) -> Iterator[Bloat]:
    """Of the databases that let us in."""
    for name in databases:
        try:
            with sign_in(name) as session:
                yield bloat(session)
        except (NotPermitted, Refused, OSError, ValueError):
            continue


def _socket(host: Host, port: int) -> Where | None:
    """Where the kernel tells the server who asks, so that no password is needed."""
    ending = f"/.s.PGSQL.{port}"
    return next((host.path(path) for path in listening_paths(host) if path.endswith(ending)), None)


def _owner(host: Host, pid: int) -> tuple[int, str]:
    """User id and name that the server runs as; by Debian's custom ``postgres`` where it has no name here."""
    try:
        status = host.read(f"/proc/{pid}/status", 8192)
        uid = int(status.partition("\nUid:")[2].split(None, 1)[0])
        lines = [line.split(":") for line in host.read("/etc/passwd").splitlines()]
    except (OSError, ValueError, IndexError):
        return 0, "postgres"
    return uid, next((one[0] for one in lines if len(one) > 2 and one[2] == str(uid)), "postgres")


def judge(facts: PostgresFacts, host: Host, subject: str) -> Iterator[Judgement]:
    limit = max(1, facts.connection_limit)
    share = facts.connections / limit
    yield judged(
        CONNECTIONS,
        subject,
        Reason.EXHAUSTED if share >= 1 else Reason.HIGH if share >= NEAR else Reason.OK,
        round(share, 4),
        connections=facts.connections,
        limit=facts.connection_limit,
    )
    yield judged(
        LOCKS,
        subject,
        Reason.HUNG if facts.blocked_for >= BLOCKED_SECONDS else Reason.OK,
        round(facts.blocked_for, 1),
        sessions=facts.blocked,
        database=facts.blocked_in,
        blocked_by_pids=facts.blocked_by,
    )
    dead = lately(host, f"{subject} deadlocks", facts.deadlocks)
    yield judged(DEADLOCKS, subject, Reason.ERRORS if dead else Reason.OK, facts.deadlocks)
    yield judged(
        TRANSACTIONS,
        subject,
        Reason.HIGH
        if facts.idle_in_transaction >= IDLE_SECONDS or facts.longest_transaction >= LONG_SECONDS
        else Reason.OK,
        round(facts.longest_transaction, 1),
        idle_in_transaction_s=round(facts.idle_in_transaction, 1),
    )
    age = facts.oldest_xid_age
    yield judged(
        WRAPAROUND,
        subject,
        Reason.EXHAUSTED if age >= XID_END else Reason.HIGH if age >= XID_NEAR else Reason.OK,
        round(age / 2**31, 4),
        transactions=age,
        database=facts.oldest_database,
    )
    yield judged(
        INTEGRITY,
        subject,
        Reason.ERRORS if facts.checksum_failures else Reason.OK,
        facts.checksum_failures,
        what="checksum failures",
    )
    if facts.complaint is not None:
        yield judged(CONFIG, subject, Reason.WRONG if facts.complaint else Reason.OK, line=facts.complaint)
    yield from (_replica if facts.replica else _primary)(facts, host, subject)


def _replica(facts: PostgresFacts, host: Host, subject: str) -> Iterator[Judgement]:
    if facts.primary:
        followed(host, subject, facts.primary)
    broken = bool(facts.primary) and not facts.streaming
    yield judged(REPLICATION, subject, Reason.STOPPED if broken else Reason.OK, primary=facts.primary)
    yield judged(
        LAG,
        subject,
        Reason.SLOW if facts.lag >= LAG_SECONDS else Reason.OK,
        round(facts.lag, 1),
        paused=facts.paused,
    )


def _primary(facts: PostgresFacts, host: Host, subject: str) -> Iterator[Judgement]:
    if primary := left(host, subject, facts.replicas):
        yield judged(REPLICATION, subject, Reason.STOPPED, primary=primary, promoted=True)
    kept = facts.retained_bytes if facts.lost_slots else 0.0
    yield judged(
        RETAINED,
        subject,
        Reason.HIGH if kept >= RETAINED_BYTES else Reason.OK,
        kept,
        slots=facts.slots,
        what="write-ahead log kept for replicas that do not fetch it",
    )
    yield judged(
        BLOAT,
        subject,
        Reason.HIGH if facts.bloat.dead_share >= DEAD_SHARE else Reason.OK,
        round(facts.bloat.dead_share, 4),
        table=facts.bloat.table,
        database=facts.bloat.database,
    )
