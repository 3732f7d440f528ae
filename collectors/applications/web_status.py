"""Have the local nginx and Apache workers left, by their own status pages? Values: share of busy workers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from collectors.clients import web
from collectors.clients.counting import grew
from collectors.clients.local import Local, found
from collectors.clients.web import Page
from collectors.host import Host
from collectors.judging import judged
from collectors.unit import SECOND, Collector
from wire.judgement import Judgement, Layer, Reason

WORKERS_BUSY = "app.workers"
COLLECTOR = Collector(signals=(WORKERS_BUSY,), layer=Layer.APPLICATION, timeout=8 * SECOND)
APACHE, NGINX = ("apache2", "httpd"), ("nginx",)
APACHE_PAGE = "/server-status?auto"
NGINX_PAGES = ("/nginx_status", "/stub_status", "/basic_status", "/status")
NEAR = 0.8
TRY_AGAIN_SECONDS = 900.0
"""A server without such a page is not asked at each look: it would fill its access log."""
CONNECTIONS = re.compile(
    r"Active connections: (\d+)\s+server accepts handled requests\s+(\d+) (\d+) (\d+).*?Waiting: (\d+)",
    re.DOTALL,
)
LIMIT = re.compile(r"(?m)^\s*worker_connections\s+(\d+)\s*;")
WORKERS = re.compile(r"(?m)^\s*worker_processes\s+(\d+|auto)\s*;")
Judge = Callable[[Host, Local, str], Judgement | None]
FREE, IDLE = ".", "_"
"""Apache's score board: a slot without a process, a worker that waits for work."""


def read(host: Host) -> Iterable[Judgement]:
    for local in found(host, *APACHE, ports=(80, 8080)):
        yield from _look(host, local, (APACHE_PAGE,), apache)
    for local in found(host, *NGINX, ports=(80, 8080)):
        yield from _look(host, local, NGINX_PAGES, nginx)


def _look(host: Host, local: Local, pages: tuple[str, ...], judge: Judge) -> Iterator[Judgement]:
    """The page that answered before, or the first that does."""
    known: dict[str, str] = host.memory.setdefault("pages", {})
    tried: dict[str, float] = host.memory.setdefault("tried", {})
    name = local.service.name
    if name not in known and host.ticks() - tried.get(name, float("-inf")) < TRY_AGAIN_SECONDS:
        return
    for path in (known[name],) if name in known else pages:
        said = judge(host, local, _page(local, path))
        if said is not None:
            known[name] = path
            yield said
            return
    known.pop(name, None)
    tried[name] = host.ticks()


def _page(local: Local, path: str) -> str:
    """Empty for one that is not there: that the server answers at all is another question."""
    try:
        page: Page = web.fetch(local.where, path)
    except (OSError, EOFError, ValueError):
        return ""
    return page.body[:65_536].decode("utf-8", "replace") if page.status == 200 else ""


def apache(host: Host, local: Local, text: str) -> Judgement | None:
    """Its score board shows each worker, and also the slots in which none was started yet."""
    fields = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
    board = fields.get("Scoreboard", "")
    if not board or "BusyWorkers" not in fields:
        return None
    free = board.count(FREE) + board.count(IDLE)
    share = 1 - free / len(board)
    return _judged(host, local, share, workers=len(board), free=free)


def nginx(host: Host, local: Local, text: str) -> Judgement | None:
    """Active connections against what all may hold; accepted but not handled ones were dropped."""
    told = CONNECTIONS.search(text)
    if told is None:
        return None
    active, accepted, handled, _, waiting = (int(group) for group in told.groups())
    limit = _nginx_limit(host)
    share = active / limit if limit else 0.0
    fresh = grew(host, f"{local.subject(host)} dropped", accepted - handled)
    return _judged(host, local, 1.0 if fresh > 0 else share, active=active, idle=waiting, dropped=fresh)


def _judged(host: Host, local: Local, share: float, **facts: float) -> Judgement:
    reason = Reason.EXHAUSTED if share >= 0.99 else Reason.HIGH if share >= NEAR else Reason.OK
    return judged(WORKERS_BUSY, local.subject(host), reason, round(share, 4), **facts)


def _nginx_limit(host: Host) -> int:
    """``worker_connections`` times ``worker_processes``; 0 where that is not told in numbers."""
    try:
        content = host.read("/etc/nginx/nginx.conf")
    except OSError:
        return 0
    each = LIMIT.search(content)
    count = WORKERS.search(content)
    if each is None or (count is not None and not count.group(1).isdigit()):
        return 0
    return int(each.group(1)) * max(1, int(count.group(1)) if count else 1)
