"""What do the services of this host write to the journal?"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from bisect import bisect_right
from collections.abc import AsyncIterator, Iterable

import msgspec

from collectors.command import ENVIRONMENT
from collectors.host import Host
from collectors.logs.kernel_log import DEVICE
from collectors.logs.kernel_log import OPTION as KERNEL_OPTION
from collectors.logs.log_dates import written_at
from collectors.logs.log_files import file_entity
from collectors.logs.log_lines import Lines, joined
from collectors.logs.log_reading import Reader
from collectors.logs.log_signals import SIGNALS, SOURCE
from collectors.services import systemd
from collectors.unit import Collector
from wire.judgement import Judgement, Layer, Reason, passed, unknown

COLLECTOR = Collector(signals=SIGNALS, layer=Layer.LOG, interval=60)
OPTION = "log.journal"
PLACES = ("/var/log/journal", "/run/log/journal")
FIELDS = "MESSAGE,PRIORITY,SYSLOG_IDENTIFIER,_SYSTEMD_UNIT,_TRANSPORT,_COMM"
URGENT = frozenset("01234")
"""Priorities of a warning and worse."""
MEMORY = "log.journal"
RESUME = 600.0
CHUNK = 256 * 1024
WAIT = 2.0
GRANT = "usermod -aG systemd-journal <the agent's user>"


class Entry(msgspec.Struct):
    """One line of ``journalctl -o json`` (systemd.journal-fields(7)). What is no UTF-8 comes as numbers."""

    message: str | list[str | int] | None = msgspec.field(name="MESSAGE", default=None)
    priority: str | list[str | int] | None = msgspec.field(name="PRIORITY", default=None)
    identifier: str | list[str | int] | None = msgspec.field(name="SYSLOG_IDENTIFIER", default=None)
    unit: str | list[str | int] | None = msgspec.field(name="_SYSTEMD_UNIT", default=None)
    transport: str | list[str | int] | None = msgspec.field(name="_TRANSPORT", default=None)
    command: str | list[str | int] | None = msgspec.field(name="_COMM", default=None)
    cursor: str = msgspec.field(name="__CURSOR", default="")
    received: str = msgspec.field(name="__REALTIME_TIMESTAMP", default="")
    """Microseconds since the epoch."""

    @property
    def text(self) -> bytes:
        if isinstance(self.message, list):
            return bytes(byte & 255 for byte in self.message if isinstance(byte, int)).replace(b"\n", b" ")
        return (self.message or "").encode("utf-8", "replace").replace(b"\n", b" ")

    def at(self, now: float) -> float:
        """When the journal took it in; ``now`` where it does not say."""
        digits = self.received[:18]
        return int(digits) / 1e6 if digits.isascii() and digits.isdigit() else now

    @property
    def program(self) -> str:
        """The service that spoke; systemd itself speaks of others and names them in the line."""
        unit = self.unit if isinstance(self.unit, str) else ""
        if unit.endswith(".service") and not unit.startswith("user@"):
            return unit
        return self.identifier if isinstance(self.identifier, str) else ""


def read(host: Host) -> Iterable[Judgement]:
    """Whether all of it can be read."""
    if not _wanted(host):
        return
    there = [place for place in PLACES if host.exists(place)]
    for place in there:
        subject = file_entity(host, place)
        if os.access(host.path(place), os.R_OK):
            yield passed(SOURCE, subject)
        else:
            yield unknown(SOURCE, subject, Reason.NOT_PERMITTED, grant=GRANT)


async def follow(host: Host) -> AsyncIterator[Judgement]:
    """New entries only, or those since a recent run of the agent stopped reading."""
    if not _wanted(host) or not host.real or shutil.which("journalctl", path=ENVIRONMENT["PATH"]) is None:
        return
    reader = await asyncio.to_thread(Reader, host, "journal", learns=True)
    child = await asyncio.create_subprocess_exec(
        "journalctl",
        "--output=json",
        f"--output-fields={FIELDS}",
        "--follow",
        *_beginning(host),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=ENVIRONMENT,
    )
    if child.stdout is None:
        raise AssertionError("its output is a pipe")
    lines = Lines()
    try:
        while True:
            with contextlib.suppress(TimeoutError):
                data = await asyncio.wait_for(child.stdout.read(CHUNK), WAIT)
                if not data:
                    raise ChildProcessError(f"journalctl ended with {await child.wait()}")
                for judgement in judge(host, reader, lines.feed(data)):
                    yield judgement
            for judgement in reader.due():
                yield judgement
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


def judge(host: Host, reader: Reader, block: bytes) -> Iterable[Judgement]:
    """The judgements of whole lines of JSON."""
    own_kernel_log = _reads_kernel_log(host)
    entries: list[Entry] = []
    for line in block.splitlines():
        with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
            entry = msgspec.json.decode(line, type=Entry)
            if entry.cursor:
                host.remembered[MEMORY] = [entry.cursor, host.clock()]
            if not (own_kernel_log and entry.transport == "kernel"):
                entries.append(entry)
    if not entries:
        return
    texts, starts = joined(entry.text for entry in entries)
    urgent = [start for start, entry in zip(starts, entries, strict=True) if entry.priority in URGENT]
    now = host.clock()
    yield from reader.read(
        texts,
        lambda start: entries[bisect_right(starts, start) - 1].program,
        urgent,
        written_at(starts, [entry.at(now) for entry in entries], now),
    )


def _beginning(host: Host) -> list[str]:
    left = host.remembered.get(MEMORY)
    if isinstance(left, list) and len(left) == 2 and isinstance(left[0], str):
        recent = isinstance(left[1], (int, float)) and 0 <= host.clock() - left[1] <= RESUME
        if recent:
            return [f"--after-cursor={left[0]}"]
    return ["--lines=0"]


def _wanted(host: Host) -> bool:
    return bool(host.options.get(OPTION, "yes")) and systemd.running(host)


def _reads_kernel_log(host: Host) -> bool:
    """Else the kernel's lines are taken from the journal."""
    return host.options.get(KERNEL_OPTION, DEVICE) != "" and os.access(DEVICE, os.R_OK)
