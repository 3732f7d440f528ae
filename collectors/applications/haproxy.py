"""Do the backends of the local HAProxy have servers, room and no errors? Values: counts and shares."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from collectors.clients.answer import ANSWER, NotPermitted, asked, note_direct
from collectors.clients.counting import lately, rate
from collectors.clients.csv_stats import Row, parse
from collectors.clients.local import Local, found
from collectors.clients.stream import Stream
from collectors.host import Host
from collectors.identity import command_of
from collectors.judging import judged
from collectors.unit import SECOND, Collector
from wire.judgement import Judgement, Layer, Reason

BACKEND, QUEUE, CAPACITY, ERRORS = "proxy.backend", "proxy.queue", "app.capacity", "app.errors"
COLLECTOR = Collector(
    signals=(BACKEND, QUEUE, CAPACITY, ERRORS, ANSWER), layer=Layer.APPLICATION, timeout=6 * SECOND
)
SECONDS = 2.0
CONFIGURATION = "/etc/haproxy/haproxy.cfg"
SOCKET = re.compile(r"(?m)^\s*stats\s+socket\s+(?:unix@)?(/\S+)")
GRANT = "in haproxy.cfg, section global: stats socket /run/haproxy/admin.sock mode 600 level user"
NEAR = 0.8
BAD_SHARE = 0.05
"""Part of all answers that may be errors."""
FEW = 0.2
"""Answers a second below which a share means nothing."""


def read(host: Host) -> Iterable[Judgement]:
    for local in found(host, "haproxy"):
        subject = local.subject(host)
        rows, answer = asked(host, subject, partial(_ask, host, local))
        yield answer
        if rows:
            note_direct(host, subject)
            yield from judge(rows, host, subject)


def _ask(host: Host, local: Local) -> list[Row]:
    path = _socket(host, local)
    with Stream(path, SECONDS) as stream:
        stream.send(b"show stat\n")
        return parse(stream.rest())


def _socket(host: Host, local: Local) -> str:
    """The one that its configuration names. Raises NotPermitted without one."""
    words = command_of(host, local.service.pid)
    named = [words[at + 1] for at, word in enumerate(words[:-1]) if word == "-f"] or [CONFIGURATION]
    for name in named:
        try:
            paths = SOCKET.findall(host.read(name if name.startswith("/") else CONFIGURATION))
        except OSError:
            continue
        for path in paths:
            if host.exists(path):
                return host.path(path)
    raise NotPermitted(GRANT, "no statistics socket is configured")


def judge(rows: Sequence[Row], host: Host, subject: str) -> Iterator[Judgement]:
    backends = [row for row in rows if row.name == "BACKEND"]
    servers = [row for row in rows if row.server]
    yield _backends(backends, servers, subject)
    queued = max(backends, key=lambda row: row.number("qcur"), default=None)
    waiting = queued.number("qcur") if queued else 0.0
    full = _timed_out(host, subject, backends)
    reason = Reason.SATURATED if full else Reason.HIGH if waiting else Reason.OK
    yield judged(QUEUE, subject, reason, waiting, backend=queued.proxy if queued and waiting else "")
    yield _capacity(rows, subject)
    yield _errors(host, subject, backends)


def _backends(backends: Sequence[Row], servers: Sequence[Row], subject: str) -> Judgement:
    """``DOWN``, ``DOWN 1/2``: what maintenance took out (``MAINT``, ``DRAIN``) is meant so."""
    dead = [row.proxy for row in backends if row.status.startswith("DOWN") and _expected(row, servers)]
    down = [row for row in servers if row.status.startswith("DOWN")]
    names = ", ".join(f"{row.proxy}/{row.name} ({row.columns.get('last_chk', '')})" for row in down)
    reason = Reason.STOPPED if dead else Reason.HIGH if down else Reason.OK
    return judged(BACKEND, subject, reason, len(down), without_server=", ".join(dead), down=names)


def _expected(backend: Row, servers: Sequence[Row]) -> bool:
    """A backend whose servers were all taken out on purpose is out on purpose."""
    own = [row for row in servers if row.proxy == backend.proxy]
    return not own or any(not row.status.startswith(("MAINT", "DRAIN")) for row in own)


def _timed_out(host: Host, subject: str, backends: Sequence[Row]) -> bool:
    """Requests that gave up waiting in the queue end as errors of connecting."""
    waiting = any(row.number("qcur") for row in backends)
    return lately(host, f"{subject} econ", sum(row.number("econ") for row in backends)) and waiting


def _capacity(rows: Sequence[Row], subject: str) -> Judgement:
    """Of a backend the limit is only a hint (fullconn); of frontends and servers it is real."""
    shares = [
        (row.number("scur") / row.number("slim"), f"{row.proxy}/{row.name}")
        for row in rows
        if row.name != "BACKEND" and row.number("slim") > 0
    ]
    share, name = max(shares, default=(0.0, ""))
    reason = Reason.EXHAUSTED if share >= 1 else Reason.HIGH if share >= NEAR else Reason.OK
    return judged(CAPACITY, subject, reason, round(share, 4), where=name)


def _errors(host: Host, subject: str, backends: Sequence[Row]) -> Judgement:
    worst, where = 0.0, ""
    for row in backends:
        key = f"{subject} {row.proxy}"
        bad = rate(host, f"{key} bad", row.number("hrsp_5xx") + row.number("eresp") + row.number("econ"))
        codes = (f"hrsp_{digit}xx" for digit in range(1, 6))
        all_ = rate(host, f"{key} all", sum(row.number(code) for code in codes))
        if bad and all_ is not None and bad + all_ >= FEW:
            share = min(1.0, bad / max(all_, bad))
            worst, where = max((worst, where), (share, row.proxy))
    return judged(
        ERRORS, subject, Reason.ERRORS if worst >= BAD_SHARE else Reason.OK, round(worst, 4), backend=where
    )
