"""The last minutes of the kernel log, the journal and the log files, through the signatures: for one look."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from collectors.host import Host
from collectors.logs import journal, kernel_log, log_files
from collectors.logs.log_reading import Reader
from wire.judgement import Judgement

RECENT = 900.0
"""Seconds."""
LIMIT = 8 * 1024 * 1024
"""Bytes of one source."""
JOURNAL = ("journalctl", "--quiet", "--no-pager", "--output=short", f"--since=-{RECENT:.0f}s")
TAIL = 256 * 1024
"""Bytes of a file: nothing tells how far back they reach, so few."""


def recent_logs(host: Host) -> Iterator[Judgement]:
    """Of what may be read; nothing is remembered of it."""
    path = host.options.get(kernel_log.OPTION, kernel_log.DEVICE)
    if path == kernel_log.DEVICE and host.real:
        reader = Reader(host.for_unit(), "kernel")
        yield from kernel_log.judged(reader, _kernel())
        yield from reader.due(ended=True)
    answer = host.run(JOURNAL, timeout=5.0, limit=LIMIT) if host.real and _keeps_journal(host) else None
    if answer is not None and answer.out:
        yield from matched(host, "journal", [answer.out])
    else:
        for file in _files(host):
            yield from matched(host, file, [_tail(host, file)], file)


def matched(host: Host, source: str, blocks: Iterable[bytes], file: str = "") -> Iterator[Judgement]:
    """``file``: who writes to it is who speaks in it."""
    reader = Reader(host.for_unit(), source)
    for block in blocks:
        yield from reader.read(block if block.endswith(b"\n") else block + b"\n", file)
    yield from reader.due(ended=True)


def _kernel() -> list[kernel_log.Record]:
    """Records of the last minutes."""
    try:
        descriptor = os.open(kernel_log.DEVICE, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:  # said by the look at the source
        return []
    try:
        oldest = time.monotonic() - RECENT
        return [record for record in kernel_log.records(descriptor) if record.at >= oldest]
    finally:
        os.close(descriptor)


def _keeps_journal(host: Host) -> bool:
    return any(host.exists(place) for place in journal.PLACES)


def _files(host: Host) -> list[str]:
    """System logs that were written to within the last minutes."""
    names = (*log_files.SYSTEM, "/var/log/kern.log")
    return [name for name in names if _age(host, name) <= RECENT]


def _age(host: Host, path: str) -> float:
    try:
        return host.clock() - Path(host.path(path)).stat().st_mtime
    except OSError:
        return float("inf")


def _tail(host: Host, path: str) -> bytes:
    try:
        with Path(host.path(path)).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL))
            return file.read(TAIL).partition(b"\n")[2]
    except OSError:
        return b""
