"""Have the local Redis servers room, their right role, and where to save?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from collectors.clients.answer import ANSWER
from collectors.clients.conversation import converse
from collectors.clients.counting import lately
from collectors.clients.local import found
from collectors.clients.redis_facts import RedisFacts, ask
from collectors.host import Host
from collectors.judging import judged
from collectors.unit import SECOND, Collector
from wire.judgement import Judgement, Layer, Reason

ROLE, MEMORY, SAVING = "cache.role", "cache.memory", "cache.persistence"
CONNECTIONS, REPLICATION, CLUSTER = "db.connections", "db.replication", "app.cluster"
COLLECTOR = Collector(
    signals=(ROLE, MEMORY, SAVING, CONNECTIONS, REPLICATION, CLUSTER, ANSWER),
    layer=Layer.APPLICATION,
    timeout=8 * SECOND,
)
PROGRAMS = ("redis-server", "valkey-server", "keydb-server", "redis-sentinel", "valkey-sentin*")
NEAR = 0.9
"""Part of a limit from which on somebody should look."""


def read(host: Host) -> Iterable[Judgement]:
    for local in found(host, *PROGRAMS, ports=(6379, 26379)):
        yield from converse(host, local, ask, judge)


def judge(facts: RedisFacts, host: Host, subject: str) -> Iterator[Judgement]:
    if facts.fields.get("redis_mode") == "sentinel" or "sentinel_masters" in facts.fields:
        yield _sentinel(facts, subject)
        return
    yield _memory(facts, host, subject)
    yield _saving(facts, subject)
    yield _connections(facts, subject)
    yield _role(facts, host, subject)
    if facts.fields.get("role") == "slave":
        yield _link(facts, subject)
    if "cluster_state" in facts.fields:
        yield _cluster(facts, subject)


def _memory(facts: RedisFacts, host: Host, subject: str) -> Judgement:
    """Without eviction a full cache refuses writes; with it, full is how it lives."""
    limit = facts.number("maxmemory")
    used = facts.number("used_memory") - facts.number("mem_not_counted_for_evict")
    share = used / limit if limit > 0 else 0.0
    policy = facts.fields.get("maxmemory_policy", "noeviction")
    refused = lately(host, f"{subject} oom", facts.errors("OOM")) or (
        share >= NEAR and facts.errors("OOM") > 0
    )
    keeps = policy == "noeviction" and limit > 0
    reason = Reason.OK
    if refused or (keeps and share >= 1.0):
        reason = Reason.FULL
    elif keeps and share >= NEAR:
        reason = Reason.HIGH
    return judged(MEMORY, subject, reason, round(share, 4), maxmemory=limit, used=used, policy=policy)


def _saving(facts: RedisFacts, subject: str) -> Judgement:
    names = ("rdb_last_bgsave_status", "aof_last_write_status", "aof_last_bgrewrite_status")
    failed = [name for name in names if facts.fields.get(name, "ok") != "ok"]
    age = facts.number("rdb_changes_since_last_save")
    return judged(
        SAVING, subject, Reason.ERRORS if failed else Reason.OK, age, failed=", ".join(failed) or "none"
    )


def _connections(facts: RedisFacts, subject: str) -> Judgement:
    limit, there = facts.number("maxclients"), facts.number("connected_clients")
    share = there / limit if limit > 0 else 0.0
    reason = Reason.HIGH if share >= NEAR else Reason.OK
    if facts.turned_away or share >= 1:
        reason = Reason.EXHAUSTED
    return judged(CONNECTIONS, subject, reason, round(share, 4), clients=there, limit=limit)


def _role(facts: RedisFacts, host: Host, subject: str) -> Judgement:
    """A replica to which clients write has the wrong role, whatever is configured.

    So has a primary that takes no writes because it has fewer replicas than it was told to want.
    """
    role = facts.fields.get("role", "")
    writes = lately(host, f"{subject} readonly", facts.errors("READONLY"))
    known: dict[str, str] = host.remembered.setdefault("redis roles", {})
    lost = known.get(subject) == "master" and role == "slave"
    if not lost:
        known[subject] = role
    orphaned = lost and facts.fields.get("master_link_status") != "up"
    alone = lately(host, f"{subject} noreplicas", facts.errors("NOREPLICAS"))
    wrong = alone or (role == "slave" and (writes or orphaned))
    if lost and not wrong:
        known[subject] = role  # another took over, and this one follows it: as it should be
    return judged(
        ROLE,
        subject,
        Reason.WRONG if wrong else Reason.OK,
        role=role,
        was=known.get(subject, role),
        refused_writes=facts.errors("READONLY") + facts.errors("NOREPLICAS"),
    )


def _link(facts: RedisFacts, subject: str) -> Judgement:
    up = facts.fields.get("master_link_status") == "up"
    filling = facts.fields.get("master_sync_in_progress") == "1"
    return judged(
        REPLICATION,
        subject,
        Reason.OK if up else Reason.HIGH if filling else Reason.STOPPED,
        max(0.0, facts.number("master_link_down_since_seconds")),
        primary=f"{facts.fields.get('master_host', '')}:{facts.fields.get('master_port', '')}",
    )


def _cluster(facts: RedisFacts, subject: str) -> Judgement:
    failed = facts.number("cluster_slots_fail")
    state = facts.fields["cluster_state"]
    reason = Reason.STOPPED if state != "ok" else Reason.ERRORS if failed else Reason.OK
    return judged(CLUSTER, subject, reason, failed, state=state)


def _sentinel(facts: RedisFacts, subject: str) -> Judgement:
    """``master0:name=shop,status=ok,address=…``."""
    masters = [text for name, text in facts.fields.items() if name.startswith("master") and "status=" in text]
    down = [text for text in masters if "status=ok" not in text]
    lost = any("status=odown" in text for text in down)
    reason = Reason.STOPPED if lost else Reason.ERRORS if down else Reason.OK
    return judged(CLUSTER, subject, reason, len(down), down="; ".join(down)[:512] or "none")
