"""Have the local Redis servers room, their right role, and where to save?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from collectors.clients import resp
from collectors.clients.answer import ANSWER, Busy, NotPermitted, Refused
from collectors.clients.conversation import converse
from collectors.clients.counting import lately
from collectors.clients.local import Local, found
from collectors.clients.secret import login_for, password
from collectors.clients.stream import Stream
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
SECONDS, HEAR_SECONDS = 2.0, 0.5
NEAR = 0.9
"""Part of a limit from which on somebody should look."""
OPEN = "in Redis: ACL SETUSER default >…, and the same password for its clients"
PAUSED_SECONDS = 10.0
"""A pause for a failover is over by then."""
_POPS = ("blpop", "brpop", "brpoplpush", "blmove", "blmpop", "bzpopmin", "bzpopmax", "bzmpop")
WAITS = frozenset([*_POPS, "xread", "xreadgroup", "wait", "waitaof", "shutdown"])
"""Commands that wait for somebody else by their nature."""


class Info(msgspec.Struct, frozen=True):
    """INFO and, of a cluster, CLUSTER INFO, by their own names."""

    fields: dict[str, str]

    def number(self, name: str) -> float:
        """0 where it is not told, or no number."""
        try:
            return float(self.fields.get(name, "0"))
        except ValueError:
            return 0.0

    def errors(self, code: str) -> float:
        """How often clients were answered with this error (since Redis 6.2)."""
        text = self.fields.get(f"errorstat_{code}", "").removeprefix("count=")
        return float(text) if text.isdigit() else 0.0


def read(host: Host) -> Iterable[Judgement]:
    for local in found(host, *PROGRAMS, ports=(6379, 26379)):
        yield from converse(host, local, _ask, judge)


def _ask(host: Host, local: Local) -> Info:
    try:
        return _info(host, local)
    except (ConnectionError, EOFError):
        # one that is full says so and closes; what was sent meanwhile makes the kernel drop those words
        with Stream(local.where, HEAR_SECONDS) as stream:
            resp.read(stream)
        raise


def _info(host: Host, local: Local) -> Info:
    login = login_for(host, local)
    secret = password(host, login)
    with Stream(local.where, SECONDS) as stream:
        if secret:
            user = [login.user] if login and login.user else []
            resp.command(stream, ["AUTH", *user, secret])
        told = resp.fields(str(resp.command(stream, ["INFO"])))
        if told.get("cluster_enabled") == "1":
            told |= resp.fields(str(resp.command(stream, ["CLUSTER", "INFO"])))
        rejected = Info(told).number("rejected_connections")
        if lately(host, f"{local.subject(host)} turned away", rejected) and _is_closed_to_others(stream):
            raise NotPermitted(OPEN, "protected mode: it turns away who asks from another host")
        if told.get("blocked_clients", "0") != "0" and _paused(host, local, stream):
            raise Busy("its clients are paused")
    if not told:
        raise ValueError("INFO tells nothing")
    return Info(told)


def _is_closed_to_others(stream: Stream) -> bool:
    """Its default user has no password: it answers only who asks from here, though it listens to others."""
    try:
        mode, bound = (resp.command(stream, ["CONFIG", "GET", name]) for name in ("protected-mode", "bind"))
        user = resp.command(stream, ["ACL", "GETUSER", "default"])
    except (NotPermitted, Refused):
        return False
    answers = [each for each in (mode, bound, user) if isinstance(each, list)]
    if len(answers) < 3 or "yes" not in answers[0]:
        return False
    open_to = {word.lstrip("-") for word in str(answers[1][-1]).split()}
    without = any("nopass" in each for each in answers[2] if isinstance(each, list))
    return without and not all(word.startswith("127.") or word == "::1" for word in open_to)


def _paused(host: Host, local: Local, stream: Stream) -> bool:
    """Did clients wait, at each look for some time, with commands that never wait by themselves?"""
    since: dict[int, float] = host.memory.setdefault("paused", {})
    try:
        clients = str(resp.command(stream, ["CLIENT", "LIST"])).splitlines()
    except (NotPermitted, Refused):
        return False
    if not any(_is_held_up(each) for each in clients):
        since.pop(local.port, None)
        return False
    now = host.ticks()
    return now - since.setdefault(local.port, now) >= PAUSED_SECONDS


def _is_held_up(client: str) -> bool:
    facts = dict(word.partition("=")[::2] for word in client.split())
    command = facts.get("cmd", "").partition("|")[0]
    return "b" in facts.get("flags", "") and not (command in WAITS or "." in command)  # a module's may wait


def judge(info: Info, host: Host, subject: str) -> Iterator[Judgement]:
    if info.fields.get("redis_mode") == "sentinel" or "sentinel_masters" in info.fields:
        yield _sentinel(info, subject)
        return
    yield _memory(info, host, subject)
    yield _saving(info, subject)
    yield _connections(info, host, subject)
    yield _role(info, host, subject)
    if info.fields.get("role") == "slave":
        yield _link(info, subject)
    if "cluster_state" in info.fields:
        yield _cluster(info, subject)


def _memory(info: Info, host: Host, subject: str) -> Judgement:
    """Without eviction a full cache refuses writes; with it, full is how it lives."""
    limit = info.number("maxmemory")
    used = info.number("used_memory") - info.number("mem_not_counted_for_evict")
    share = used / limit if limit > 0 else 0.0
    policy = info.fields.get("maxmemory_policy", "noeviction")
    refused = lately(host, f"{subject} oom", info.errors("OOM")) or (share >= NEAR and info.errors("OOM") > 0)
    keeps = policy == "noeviction" and limit > 0
    reason = Reason.OK
    if refused or (keeps and share >= 1.0):
        reason = Reason.FULL
    elif keeps and share >= NEAR:
        reason = Reason.HIGH
    return judged(MEMORY, subject, reason, round(share, 4), maxmemory=limit, used=used, policy=policy)


def _saving(info: Info, subject: str) -> Judgement:
    names = ("rdb_last_bgsave_status", "aof_last_write_status", "aof_last_bgrewrite_status")
    failed = [name for name in names if info.fields.get(name, "ok") != "ok"]
    age = info.number("rdb_changes_since_last_save")
    return judged(
        SAVING, subject, Reason.ERRORS if failed else Reason.OK, age, failed=", ".join(failed) or "none"
    )


def _connections(info: Info, host: Host, subject: str) -> Judgement:
    limit, there = info.number("maxclients"), info.number("connected_clients")
    share = there / limit if limit > 0 else 0.0
    rejected = lately(host, f"{subject} rejected", info.number("rejected_connections"))
    reason = Reason.HIGH if share >= NEAR else Reason.OK
    if rejected or share >= 1:
        reason = Reason.EXHAUSTED
    return judged(CONNECTIONS, subject, reason, round(share, 4), clients=there, limit=limit)


def _role(info: Info, host: Host, subject: str) -> Judgement:
    """A replica to which clients write has the wrong role, whatever is configured.

    So has a primary that takes no writes because it has fewer replicas than it was told to want.
    """
    role = info.fields.get("role", "")
    writes = lately(host, f"{subject} readonly", info.errors("READONLY"))
    known: dict[str, str] = host.remembered.setdefault("redis roles", {})
    lost = known.get(subject) == "master" and role == "slave"
    if not lost:
        known[subject] = role
    orphaned = lost and info.fields.get("master_link_status") != "up"
    alone = lately(host, f"{subject} noreplicas", info.errors("NOREPLICAS"))
    wrong = alone or (role == "slave" and (writes or orphaned))
    if lost and not wrong:
        known[subject] = role  # another took over, and this one follows it: as it should be
    return judged(
        ROLE,
        subject,
        Reason.WRONG if wrong else Reason.OK,
        role=role,
        was=known.get(subject, role),
        refused_writes=info.errors("READONLY") + info.errors("NOREPLICAS"),
    )


def _link(info: Info, subject: str) -> Judgement:
    up = info.fields.get("master_link_status") == "up"
    filling = info.fields.get("master_sync_in_progress") == "1"
    return judged(
        REPLICATION,
        subject,
        Reason.OK if up else Reason.HIGH if filling else Reason.STOPPED,
        max(0.0, info.number("master_link_down_since_seconds")),
        primary=f"{info.fields.get('master_host', '')}:{info.fields.get('master_port', '')}",
    )


def _cluster(info: Info, subject: str) -> Judgement:
    failed = info.number("cluster_slots_fail")
    state = info.fields["cluster_state"]
    reason = Reason.STOPPED if state != "ok" else Reason.ERRORS if failed else Reason.OK
    return judged(CLUSTER, subject, reason, failed, state=state)


def _sentinel(info: Info, subject: str) -> Judgement:
    """``master0:name=shop,status=ok,address=…``."""
    masters = [text for name, text in info.fields.items() if name.startswith("master") and "status=" in text]
    down = [text for text in masters if "status=ok" not in text]
    lost = any("status=odown" in text for text in down)
    reason = Reason.STOPPED if lost else Reason.ERRORS if down else Reason.OK
    return judged(CLUSTER, subject, reason, len(down), down="; ".join(down)[:512] or "none")
