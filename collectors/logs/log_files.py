"""What do the log files of the programs on this host say?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence

from collectors.host import Host
from collectors.logs.log_announced import Announced
from collectors.logs.log_dates import written_within
from collectors.logs.log_folder import Folder
from collectors.logs.log_reading import Reader
from collectors.logs.log_signals import SIGNALS, SOURCE
from collectors.services import systemd
from collectors.storage.mount_table import mount_of, mounts
from collectors.unit import Collector
from wire.judgement import Judgement, Layer, Reason, passed, unknown

COLLECTOR = Collector(signals=SIGNALS, layer=Layer.LOG, interval=60)
OPTION = "log.files"
PROGRAMS = (
    "/var/log/nginx/*error*.log",
    "/var/log/apache2/*error*.log",
    "/var/log/httpd/*error_log",
    "/var/log/haproxy.log",
    "/var/log/php*-fpm.log",
    "/var/log/tomcat*/catalina.out",
    "/var/log/postgresql/*.log",
    "/var/log/mysql/*.log",
    "/var/log/mariadb/*.log",
    "/var/log/redis/*.log",
    "/var/log/mongodb/*.log",
    "/var/log/elasticsearch/*.log",
    "/var/log/rabbitmq/*.log",
    "/var/log/supervisor/supervisord.log",
    "/var/log/dnsmasq.log",
)
"""Where the packages of distributions write what does not reach the journal."""
SYSTEM = tuple(
    f"/var/log/{name}"
    for name in ("syslog", "messages", "auth.log", "secure", "daemon.log", "cron.log", "mail.log", "maillog")
)
"""What syslog daemons write; the journal has the same lines where there is one."""
RESCAN = 5.0
"""Seconds between two looks that nothing announced."""


def read(host: Host) -> Iterable[Judgement]:
    """Which of the files can be read."""
    folder = Folder(_globs(host), {})
    folder.rescan(host.clock())
    try:
        for path in folder.paths:
            yield passed(SOURCE, file_entity(host, path))
        for path in sorted(folder.unreadable):
            yield unknown(
                SOURCE,
                file_entity(host, path),
                Reason.NOT_PERMITTED,
                grant=f"make {path} readable for the agent",
            )
    finally:
        folder.close()


async def follow(host: Host) -> AsyncIterator[Judgement]:
    """New lines only: files are read from their end, or from where a recent run of the agent left them."""
    async for judgement in follow_files(host, _globs(host), "files"):
        yield judgement


async def follow_files(host: Host, globs: Sequence[str], name: str) -> AsyncIterator[Judgement]:
    """``name`` keeps the positions of several followers apart."""
    folder = Folder(globs, host.remembered.setdefault(f"log.{name}", {}))
    folder.rescan(host.clock())  # before anything that takes time: what is written from now on is news
    rescan_at = host.ticks() + RESCAN
    try:
        reader = await asyncio.to_thread(Reader, host, name, learns=True)
        with Announced(folder) as announced:
            while True:
                if host.ticks() >= rescan_at or folder.changed():
                    folder.rescan(host.clock())
                    announced.renew()
                    rescan_at = host.ticks() + RESCAN
                for judgement in _turn(folder, reader, host):
                    yield judgement
                while not await announced.news() and host.ticks() < rescan_at:
                    for judgement in reader.due():
                        yield judgement
    finally:
        folder.close()


def file_entity(host: Host, path: str) -> str:
    return f"file:{host.name}:{path}"


def _turn(folder: Folder, reader: Reader, host: Host) -> Iterator[Judgement]:
    now = host.clock()
    for path, block, within in folder.read(now):
        yield from reader.read(block, path, age=written_within(within, now))
    for path, skipped, cut in folder.lost():
        subject = file_entity(host, path)
        yield unknown(SOURCE, subject, Reason.DEADLINE, lost_bytes=skipped, cut_lines=cut)
    yield from reader.due()


def _globs(host: Host) -> list[str]:
    """The usual places and the configured ones.

    Without those on file systems that another machine must answer for: a look there may never return.
    """
    usual = PROGRAMS if systemd.running(host) else (*PROGRAMS, *SYSTEM)
    configured = [line.strip() for line in host.options.get(OPTION, "").splitlines() if line.strip()]
    wanted = [*map(host.path, usual), *configured]
    try:
        table = {one.point: one for one in mounts(host)}
    except OSError:
        return wanted
    points = sorted(table, key=len, reverse=True)
    return [glob for glob in wanted if not (point := mount_of(glob, points)) or not table[point].may_hang]
