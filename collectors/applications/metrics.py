"""Do the values that local exporters show keep their known and configured bounds? Values: as the metric's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from urllib.parse import urlsplit

import msgspec

from collectors.clients import web
from collectors.clients.answer import is_direct
from collectors.clients.counting import rate
from collectors.clients.declared import Metrics, declared
from collectors.clients.expecting import Met, compare
from collectors.clients.exposition import series
from collectors.clients.local import found
from collectors.clients.stream import Where
from collectors.host import Host
from collectors.judging import judged
from collectors.unit import SECOND, Collector
from rules.expectations import Expectation, Source, load_sheets, names_of
from wire import entity
from wire.judgement import Judgement, Layer, Reason

METRIC = "app.metric"
COLLECTOR = Collector(
    signals=(
        METRIC,
        "app.capacity",
        "app.cluster",
        "app.config",
        "app.errors",
        "app.latency",
        "cache.evictions",
        "cache.memory",
        "cache.persistence",
        "cache.role",
        "db.bloat",
        "db.connections",
        "db.deadlocks",
        "db.integrity",
        "db.lag",
        "db.locks",
        "db.replication",
        "db.statements",
        "db.transactions",
        "proxy.backend",
        "proxy.queue",
        "queue.alarm",
        "queue.backlog",
        "queue.consumers",
    ),
    layer=Layer.APPLICATION,
    interval=30 * SECOND,
    timeout=15 * SECOND,
)
MOST = 32
"""Endpoints asked in one read."""
ALL_SECONDS = 10.0
"""For all of them; those that no time is left for are asked next time."""
TRY_AGAIN_SECONDS = 600.0
AT_ONCE_SECONDS = 10.0
"""A second look at once is given the same answer: rates need time."""


class Endpoint(msgspec.Struct, frozen=True):
    """One page of values, and the local service that it is about."""

    where: Where
    path: str
    subject: str
    tls: bool = False
    configured: bool = False
    further: tuple[Expectation, ...] = ()


def read(host: Host) -> Iterable[Judgement]:
    last: tuple[float, list[Judgement]] | None = host.memory.get("judged")
    if last is not None and host.ticks() - last[0] < AT_ONCE_SECONDS:
        return last[1]
    until = host.ticks() + ALL_SECONDS
    told: list[Judgement] = []
    for endpoint in endpoints(host)[:MOST]:
        if host.ticks() < until:
            told += _look(host, endpoint)
    host.memory["judged"] = (host.ticks(), told)
    return told


def endpoints(host: Host) -> list[Endpoint]:
    """What is configured first; each page once."""
    known = [_configured(host, one) for one in declared(host).metrics]
    for sheet in load().values():
        for source in sheet.source:
            known += _served(host, source)
    unique: dict[tuple[Where, str], Endpoint] = {}
    for endpoint in known:
        unique.setdefault((endpoint.where, endpoint.path), endpoint)
    return list(unique.values())


def _served(host: Host, source: Source) -> list[Endpoint]:
    return [
        Endpoint((local.where[0], local.port), source.path, local.subject(host))
        for local in found(host, *source.programs, ports=source.ports, only=source.only)
    ]


def _configured(host: Host, metrics: Metrics) -> Endpoint:
    parts = urlsplit(metrics.url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    name = metrics.service or f"metrics-{port}"
    subject = entity.service(host.name, name)
    tls = parts.scheme == "https"
    return Endpoint((parts.hostname or "", port), path, subject, tls, configured=True, further=metrics.expect)


def _look(host: Host, endpoint: Endpoint) -> Iterator[Judgement]:
    """A discovered page that is not there is left alone; a configured one must be."""
    silent: dict[str, float] = host.memory.setdefault("silent", {})
    key = f"{endpoint.where}{endpoint.path}"
    if not endpoint.configured and host.ticks() - silent.get(key, float("-inf")) < TRY_AGAIN_SECONDS:
        return
    try:
        page = web.fetch(endpoint.where, endpoint.path, tls=endpoint.tls)
        trouble = "" if page.status == 200 else f"HTTP status {page.status}"
    except (OSError, EOFError, ValueError) as error:
        trouble = f"{type(error).__name__}: {error}"[:256]
    if trouble:
        silent[key] = host.ticks()
        if endpoint.configured:
            yield judged(METRIC, endpoint.subject, Reason.MISSING, error=trouble, path=endpoint.path)
        return
    if endpoint.configured or not is_direct(host, endpoint.subject):
        yield from judge(host, endpoint, page.body)


def judge(host: Host, endpoint: Endpoint, content: bytes) -> Iterator[Judgement]:
    """One judgement for each signal: that of the worst expectation."""
    expectations = [*shipped(), *endpoint.further]
    values = list(series(content, names_of(expectations)))

    def growth(name: str, counter: float) -> float | None:
        second = rate(host, f"{endpoint.subject} {name}", counter)
        return None if second is None else second * 60.0

    met = compare(expectations, values, growth, host.clock())
    by_signal: dict[str, list[Met]] = {}
    for one in met:
        by_signal.setdefault(one.expectation.signal, []).append(one)
    if endpoint.configured and METRIC not in by_signal:
        yield judged(METRIC, endpoint.subject, Reason.OK)
    for signal, ones in by_signal.items():
        yield _worst(signal, endpoint.subject, ones)


def _worst(signal: str, subject: str, met: Sequence[Met]) -> Judgement:
    broken = sorted((one for one in met if one.broken), key=lambda one: one.expectation.reason is Reason.HIGH)
    if not broken:
        return judged(signal, subject, Reason.OK, met[0].value, expectations=len(met))
    first = broken[0]
    each = first.expectation
    bound = f"above {each.above:g}" if each.above is not None else f"below {each.below:g}"
    return judged(
        signal,
        subject,
        each.reason,
        first.value,
        metric=" + ".join(each.metric),
        bound=bound,
        expectation=each.id,
        of=", ".join(first.group),
        also=", ".join(one.expectation.id for one in broken[1:])[:256],
    )


@lru_cache(maxsize=1)
def shipped() -> tuple[Expectation, ...]:
    return tuple(each for sheet in load().values() for each in sheet.expect)


load = lru_cache(maxsize=1)(load_sheets)
