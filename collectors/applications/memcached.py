"""Have the local memcached servers connections left? Value: share of connections in use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from collectors.clients.answer import ANSWER, asked, note_direct
from collectors.clients.counting import lately
from collectors.clients.local import Local, found, shown
from collectors.clients.stream import Stream
from collectors.host import Host
from collectors.judging import judged
from collectors.unit import Collector
from wire.judgement import Judgement, Layer, Reason

CONNECTIONS, EVICTED = "db.connections", "cache.evictions"
COLLECTOR = Collector(signals=(EVICTED, CONNECTIONS, ANSWER), layer=Layer.APPLICATION)
SECONDS = 2.0
NEAR = 0.9
MANY_EVICTIONS = 10_000.0
"""Between two looks: the memory is far too small for what is asked of it."""


def read(host: Host) -> Iterable[Judgement]:
    for local in found(host, "memcached", ports=(11211,)):
        subject = local.subject(host)
        stats, answer = asked(host, subject, partial(_ask, local), address=shown(local.where))
        yield answer
        if stats is not None:
            note_direct(host, subject)
            yield from judge(stats, host, subject)


def _ask(local: Local) -> Mapping[str, str]:
    with Stream(local.where, SECONDS) as stream:
        stream.send(b"stats\r\n")
        found: dict[str, str] = {}
        while (line := stream.line().decode("utf-8", "replace")) != "END":
            word, name, value = (*line.split(" ", 2), "", "")[:3]
            if word != "STAT" or len(found) > 1000:
                raise ValueError(f"no memcached: {line[:40]!r}")
            found[name] = value
    return found


def judge(stats: Mapping[str, str], host: Host, subject: str) -> Iterator[Judgement]:
    limit, there = _number(stats, "max_connections"), _number(stats, "curr_connections")
    share = there / limit if limit else 0.0
    turned = _number(stats, "listen_disabled_num") + _number(stats, "rejected_connections")
    refused = lately(host, f"{subject} refused", turned)
    reason = Reason.EXHAUSTED if refused else Reason.HIGH if share >= NEAR else Reason.OK
    yield judged(CONNECTIONS, subject, reason, round(share, 4), connections=there, limit=limit)
    evicted = _number(stats, "evictions")
    many = lately(host, f"{subject} evictions", evicted, MANY_EVICTIONS)
    yield judged(EVICTED, subject, Reason.HIGH if many else Reason.OK, evicted)


def _number(stats: Mapping[str, str], name: str) -> float:
    text = stats.get(name, "")
    return float(text) if text.isdigit() else 0.0
