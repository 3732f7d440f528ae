"""Were the files written in time that backups and jobs should write? Value: hours since the newest."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

import msgspec

from collectors.clients.declared import Fresh, declared
from collectors.host import Host
from collectors.judging import judged
from collectors.unit import SECOND, Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason, unknown

FRESH = "file.fresh"
COLLECTOR = Collector(
    signals=(FRESH,),
    layer=Layer.APPLICATION,
    interval=60 * SECOND,
    timeout=8 * SECOND,
    risky=True,
    where=("option:applications.fresh",),
)
MOST = 16_384


class Found(msgspec.Struct, frozen=True, order=True):
    written: float
    size: int
    path: str


def read(host: Host) -> Iterable[Judgement]:
    for wanted in declared(host).fresh:
        subject = subject_of(host, wanted)
        if host.touch(entity.mount(host.name, wanted.path.rpartition("/")[0] or "/")):
            yield _judge(host, wanted, subject)


def subject_of(host: Host, wanted: Fresh) -> str:
    """The service that should write it, else the file itself."""
    if wanted.service:
        return entity.service(host.name, wanted.service)
    return f"file:{host.name}:{wanted.path}"


def _judge(host: Host, wanted: Fresh, subject: str) -> Judgement:
    try:
        newest = max(files(host, wanted.path), default=None)
    except PermissionError as error:
        return unknown(FRESH, subject, Reason.NOT_PERMITTED, error=str(error))
    except OSError as error:
        return judged(FRESH, subject, Reason.MISSING, error=error.strerror or "", path=wanted.path)
    if newest is None:
        return judged(FRESH, subject, Reason.MISSING, error="there is no such file", path=wanted.path)
    age = max(0.0, host.clock() - newest.written)
    reason = Reason.OK
    if newest.size < wanted.min_bytes:
        reason = Reason.WRONG
    elif age > wanted.max_age:
        reason = Reason.OVERDUE
    hours = round(age / 3600, 2)
    return judged(FRESH, subject, reason, hours, path=newest.path, bytes=newest.size, wanted=wanted.min_bytes)


def files(host: Host, path: str) -> Iterator[Found]:
    """Regular files; of a path whose last part has a ``*`` all that fit. Raises OSError."""
    folder, _, pattern = path.rpartition("/")
    names = host.list(folder or "/", MOST) if "*" in pattern else [pattern]
    for name in names:
        if "*" in pattern and not fnmatchcase(name, pattern):
            continue
        facts = os.stat(host.path(f"{folder}/{name}"))  # noqa: PTH116 - the path is the host's to translate
        if stat.S_ISREG(facts.st_mode):
            yield Found(facts.st_mtime, facts.st_size, f"{folder}/{name}")
