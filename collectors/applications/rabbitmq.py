"""Has the local RabbitMQ room, consumers and one mind with its peers? Values: messages, nodes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from collectors.clients import web
from collectors.clients.answer import NotPermitted, Refused, asked, note_direct
from collectors.clients.local import Local, found, shown
from collectors.clients.rabbitmq_facts import Facts, Node, Queue, facts
from collectors.clients.secret import login_for, password
from collectors.host import Host
from collectors.judging import CONTROL, judged
from collectors.unit import SECOND, Collector
from wire.judgement import Judgement, Layer, Reason, Verdict, unknown

ALARM, CONSUMERS, BACKLOG = "queue.alarm", "queue.consumers", "queue.backlog"
CLUSTER, CONNECTIONS = "app.cluster", "db.connections"
COLLECTOR = Collector(
    signals=(ALARM, CONSUMERS, BACKLOG, CLUSTER, CONNECTIONS),
    layer=Layer.APPLICATION,
    interval=30 * SECOND,
    timeout=10 * SECOND,
)
PORTS = (15672, 15671)
PERMIT = "rabbitmqctl set_permissions -p VHOST rootward '' '' ''"
"""The tag alone opens no virtual host: its queues are then left out of every list, without a word."""
GRANT = (
    f"rabbitmqctl add_user rootward …; set_user_tags rootward monitoring; {PERMIT}; a [[applications.login]]"
)
NEAR = 0.9
MANY = 10_000
"""Messages that wait in one queue, and become more, before somebody should look."""


def read(host: Host) -> Iterable[Judgement]:
    for local in found(host, "beam.smp", "beam", ports=PORTS, only=True):
        if login_for(host, local) is None:
            continue  # without a login its port and its metrics tell what they may
        subject = local.subject(host)
        told, answer = asked(
            host,
            subject,
            partial(_ask, host, local),
            address=shown(local.where),
        )
        if told is None:  # whether the broker itself answers is asked over its own port
            why = answer.reason if answer.verdict is Verdict.UNKNOWN else Reason.UNREADABLE
            yield unknown(ALARM, subject, why, **answer.evidence)
        else:
            note_direct(host, subject)
            yield from judge(told, host, subject)


def _ask(host: Host, local: Local) -> Facts:
    login = login_for(host, local)
    pair = (login.user, password(host, login)) if login else None

    def page(path: str) -> bytes:
        answer = web.fetch(local.where, path, tls=local.port == PORTS[1], login=pair)
        if answer.status in (401, 403):
            raise NotPermitted(GRANT, f"HTTP status {answer.status}")
        if answer.status != 200:
            raise Refused(f"HTTP status {answer.status}")
        return answer.body

    return facts(page)


def judge(facts: Facts, host: Host, subject: str) -> Iterator[Judgement]:
    alarms = [f"{node.name}: memory" for node in facts.nodes if node.mem_alarm]
    alarms += [f"{node.name}: disk" for node in facts.nodes if node.disk_free_alarm]
    yield judged(ALARM, subject, Reason.FULL if alarms else Reason.OK, len(alarms), alarms=", ".join(alarms))
    yield _cluster(facts.nodes, subject)
    yield _connections(facts.nodes, subject)
    for said in (_consumers(facts.queues, host, subject), _backlog(facts.queues, host, subject)):
        yield _blind(said, facts.hidden) if facts.hidden and said.verdict is Verdict.PASS else said


def _blind(said: Judgement, hidden: Sequence[str]) -> Judgement:
    vhosts = CONTROL.sub("?", ", ".join(hidden))[:512]
    return unknown(said.signal, said.subject, Reason.NOT_PERMITTED, grant=PERMIT, vhosts=vhosts)


def _cluster(nodes: Sequence[Node], subject: str) -> Judgement:
    gone = [node.name for node in nodes if not node.running]
    parted = [node.name for node in nodes if node.partitions]
    reason = Reason.STOPPED if parted else Reason.ERRORS if gone else Reason.OK
    return judged(CLUSTER, subject, reason, len(gone), partitioned=", ".join(parted), down=", ".join(gone))


def _connections(nodes: Sequence[Node], subject: str) -> Judgement:
    pairs = [(node.fd_used, node.fd_total) for node in nodes]
    pairs += [(node.sockets_used, node.sockets_total) for node in nodes]
    share = max((used / total for used, total in pairs if total > 0), default=0.0)
    reason = Reason.EXHAUSTED if share >= 1 else Reason.HIGH if share >= NEAR else Reason.OK
    return judged(CONNECTIONS, subject, reason, round(share, 4))


def _consumers(queues: Sequence[Queue], host: Host, subject: str) -> Judgement:
    """A queue that nobody ever read from may be meant so; one that lost its readers is not."""
    kept: dict[str, list[str]] = host.remembered.setdefault("queues with consumers", {})
    served = set(kept.get(subject, ()))
    served |= {_name(queue) for queue in queues if queue.consumers}
    served &= {_name(queue) for queue in queues}
    kept[subject] = sorted(served)
    lost = [queue for queue in queues if not queue.consumers and queue.messages and _name(queue) in served]
    return judged(
        CONSUMERS,
        subject,
        Reason.MISSING if lost else Reason.OK,
        sum(queue.messages for queue in lost),
        queues=", ".join(map(_name, lost))[:512],
    )


def _backlog(queues: Sequence[Queue], host: Host, subject: str) -> Judgement:
    before: dict[str, int] = host.memory.setdefault(f"{subject} ready", {})
    grown = [
        q for q in queues if q.messages_ready >= MANY and q.messages_ready > before.get(_name(q), 1 << 62)
    ]
    before.update({_name(queue): queue.messages_ready for queue in queues if _name(queue) not in before})
    worst = max(grown, key=lambda queue: queue.messages_ready, default=None)
    return judged(
        BACKLOG,
        subject,
        Reason.HIGH if worst else Reason.OK,
        worst.messages_ready if worst else 0,
        queue=_name(worst) if worst else "",
    )


def _name(queue: Queue) -> str:
    return f"{queue.vhost}:{queue.name}"
