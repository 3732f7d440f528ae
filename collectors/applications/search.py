"""Is the cluster of the local Elasticsearch or OpenSearch green? Value: shards that are nowhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

import msgspec

from collectors.clients import web
from collectors.clients.answer import ANSWER, NotPermitted, Refused, asked, note_direct
from collectors.clients.local import Local, found, shown
from collectors.clients.secret import login_for, password
from collectors.host import Host
from collectors.judging import judged
from collectors.unit import SECOND, Collector
from wire.judgement import Judgement, Layer, Reason, Scalar

SHARDS, CLUSTER = "search.shards", "app.cluster"
COLLECTOR = Collector(signals=(SHARDS, CLUSTER, ANSWER), layer=Layer.APPLICATION, timeout=8 * SECOND)
HEALTH = "/_cluster/health"
GRANT = "a [[applications.login]] with user and secret_file (0600), whose role may monitor the cluster"


class Health(msgspec.Struct, frozen=True):
    """As the cluster calls it."""

    status: str
    cluster_name: str = ""
    number_of_nodes: int = 0
    unassigned_shards: int = 0
    active_primary_shards: int = 0
    number_of_pending_tasks: int = 0


def read(host: Host) -> Iterable[Judgement]:
    for local in found(host, "java", "opensearch*", "elasticsearch*", ports=(9200, 9201), only=True):
        subject = local.subject(host)
        health, answer = asked(
            host,
            subject,
            partial(_ask, host, local),
            address=shown(local.where),
        )
        yield answer
        if health is not None:
            note_direct(host, subject)
            yield from judge(health, subject)


def _ask(host: Host, local: Local) -> Health:
    """In the clear; where that is not spoken, under TLS. It answers 408 while it is not green in time."""
    login = login_for(host, local)
    pair = (login.user, password(host, login)) if login is not None else None
    secure: dict[str, bool] = host.memory.setdefault("secure", {})
    try:
        page = web.fetch(local.where, HEALTH, tls=secure.get(local.service.name, False), login=pair)
    except (ConnectionError, EOFError, ValueError):
        page = web.fetch(local.where, HEALTH, tls=True, login=pair)
        secure[local.service.name] = True
    if page.status in (401, 403):
        raise NotPermitted(GRANT, f"HTTP status {page.status}")
    if page.status not in (200, 408):
        raise Refused(f"HTTP status {page.status}")
    return msgspec.json.decode(page.body, type=Health)


def judge(health: Health, subject: str) -> Iterator[Judgement]:
    """Alone a node keeps no second copies: yellow is its best."""
    facts: dict[str, Scalar] = {
        "cluster": health.cluster_name,
        "nodes": health.number_of_nodes,
        "status": health.status,
    }
    lacking = health.status == "yellow" and health.number_of_nodes > 1
    reason = Reason.STOPPED if health.status == "red" else Reason.HIGH if lacking else Reason.OK
    yield judged(CLUSTER, subject, reason, float(health.number_of_pending_tasks), **facts)
    gone = health.status == "red"
    yield judged(
        SHARDS, subject, Reason.MISSING if gone else Reason.OK, health.unassigned_shards if gone else 0
    )
