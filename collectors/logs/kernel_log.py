"""What does the kernel say of its devices, memory and tasks?"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from collectors.awaiting import Bell
from collectors.host import Host
from collectors.logs.log_dates import written_at
from collectors.logs.log_files import file_entity, follow_files
from collectors.logs.log_lines import joined
from collectors.logs.log_reading import Reader
from collectors.logs.log_signals import SIGNALS, SOURCE
from collectors.unit import Collector
from wire.judgement import Judgement, Layer, Reason, passed, unknown

COLLECTOR = Collector(signals=SIGNALS, layer=Layer.LOG, interval=60, needs=("syslog",))
OPTION = "log.kernel"
DEVICE = "/dev/kmsg"
RECORD = 16 * 1024
"""Bytes: the kernel refuses to fill a buffer that its longest record (8 KiB) would not fit in."""
TURN = 4096
"""Records judged at once, so that a flood takes bounded memory."""
BOOT_ID = "/proc/sys/kernel/random/boot_id"
MEMORY = "log.kmsg"
GRANT = "setcap cap_syslog+ep on the agent's Python, or sysctl kernel.dmesg_restrict=0 and group adm"


class Record(NamedTuple):
    """One message of the kernel; ``at`` in seconds since boot, without those in which the machine slept."""

    number: int
    at: float
    text: bytes


def read(host: Host) -> Iterable[Judgement]:
    """Whether it can be read."""
    path = host.options.get(OPTION, DEVICE)
    if not path:
        return
    subject = file_entity(host, path)
    try:
        os.close(os.open(_place(host, path), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC))
    except PermissionError:
        yield unknown(SOURCE, subject, Reason.NOT_PERMITTED, grant=GRANT)
    except OSError as error:
        yield unknown(SOURCE, subject, Reason.UNREADABLE, error=error.strerror or "")
    else:
        yield passed(SOURCE, subject)


async def follow(host: Host) -> AsyncIterator[Judgement]:
    """Records younger than the agent, or than where its last run in this same boot stopped.

    After a reboot all of the new boot's records are news; at the very first start none of the old ones are.
    """
    path = host.options.get(OPTION, DEVICE)
    if path == DEVICE and host.real:
        async for judgement in _follow_device(host):
            yield judgement
    elif path:
        async for judgement in follow_files(host, [_place(host, path)], "kernel"):
            yield judgement


async def _follow_device(host: Host) -> AsyncIterator[Judgement]:
    try:
        descriptor = os.open(DEVICE, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:  # said by read
        return
    try:
        boot = host.read(BOOT_ID, 64).strip()
        after = _left_at(host, boot)
        if after is None:  # nothing of what was said before the very first start is news
            after = max((record.number for record in records(descriptor)), default=-1)
        reader = await asyncio.to_thread(Reader, host, DEVICE, learns=True)
        subject = file_entity(host, DEVICE)
        with Bell(descriptor) as bell:
            while True:
                new: list[Record] = []
                for record in islice(records(descriptor), TURN):
                    if record.number > after:
                        lost = record.number - after - 1 if after >= 0 else 0
                        if lost:
                            yield unknown(SOURCE, subject, Reason.DEADLINE, lost_records=lost)
                        new.append(record)
                        after = record.number
                host.remembered[MEMORY] = [boot, after]
                for judgement in judged(reader, new):
                    yield judgement
                for judgement in reader.due():
                    yield judgement
                await (bell.rung(2.0) if len(new) < TURN else asyncio.sleep(0))
    finally:
        os.close(descriptor)


def _left_at(host: Host, boot: str) -> int | None:
    """The sequence number after which records are new; None where none were ever read."""
    left = host.remembered.get(MEMORY)
    if not isinstance(left, list) or len(left) != 2:
        return None
    return left[1] if left[0] == boot and isinstance(left[1], int) else -1


def judged(reader: Reader, new: Sequence[Record]) -> Iterator[Judgement]:
    """What records of this boot come to."""
    if new:
        block, starts = joined(record.text for record in new)
        dates = [record.at for record in new]
        yield from reader.read(block, age=written_at(starts, dates, time.monotonic()))


def records(descriptor: int) -> Iterator[Record]:
    """What is there now. Kernel: Documentation/ABI/testing/dev-kmsg."""
    while True:
        try:
            record = os.read(descriptor, RECORD)
        except BlockingIOError:
            return
        except BrokenPipeError:  # overwritten before we came: the next read goes on with the oldest there is
            continue
        prefix, _, rest = record.partition(b";")
        text, _, _ = rest.partition(b"\n")
        fields = prefix.split(b",")
        if len(fields) >= 3 and fields[1].isdigit():
            microseconds = int(fields[2]) if fields[2].isdigit() else 0
            yield Record(int(fields[1]), microseconds / 1e6, text.replace(rb"\x0a", b" "))


def _place(host: Host, path: str) -> str:
    """A stand-in file is configured with its real path, also below another root."""
    return path if host.real or Path(path).exists() else host.path(path)
