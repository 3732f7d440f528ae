"""When will each file system be full, if it goes on as it does? Value: hours; none while it does not fill."""

from __future__ import annotations

import os
from collections.abc import Iterable

from collectors.host import Host
from collectors.judging import judged
from collectors.storage.mount_table import file_systems
from collectors.unit import Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason, Scalar

SIGNAL = "fs.forecast"
COLLECTOR = Collector(signals=(SIGNAL,), layer=Layer.HOST, interval=60.0)
KEY = "forecast "
EVERY, KEPT = 300.0, 13
"""Seconds between two marks, and how many are kept: an hour."""
SOON_HOURS = 6.0
LEAST_SHARE = 0.5
"""An emptier one is being filled by whoever set it up."""
MIB = 1024**2
Marks = list[list[float]]
"""When, and bytes used."""


def read(host: Host) -> Iterable[Judgement]:
    """Only local ones that take writes: a look at others may hang."""
    for one in file_systems(host):
        if one.may_hang or "ro" in one.options:
            continue
        try:
            told = os.statvfs(host.path(one.point))
        except OSError:
            continue
        unit = told.f_frsize or told.f_bsize
        used, free = (told.f_blocks - told.f_bfree) * unit, told.f_bavail * unit
        if used + free > 0:
            marks = _mark(host, one.point, float(used))
            yield _judge(host, one.point, used, free, growth(marks, host.clock()))


def _mark(host: Host, point: str, used: float) -> Marks:
    marks: Marks = list(host.remembered.get(KEY + point, []))
    now = host.clock()
    if not marks or now - marks[-1][0] >= EVERY or now < marks[-1][0]:
        marks = [mark for mark in marks if mark[0] < now][1 - KEPT :]
        marks.append([now, used])
        host.remembered[KEY + point] = marks
    return [*marks, [now, used]]


def growth(marks: Marks, now: float) -> float:
    """Bytes per second, the slower of the last half hour and the whole; 0 for what is not sustained.

    One big copy rises once and stays: then the newer half shows nothing.
    """
    if len(marks) < KEPT // 2 or now - marks[0][0] < (KEPT // 2 - 1) * EVERY:
        return 0.0
    middle = len(marks) // 2
    slopes = [
        (marks[-1][1] - mark[1]) / max(1.0, marks[-1][0] - mark[0])
        for mark in (marks[0], marks[middle], marks[-3])
    ]
    return max(0.0, min(slopes))


def _judge(host: Host, point: str, used: int, free: int, rate: float) -> Judgement:
    hours = free / rate / 3600 if rate > 0 else None
    share = used / (used + free)
    soon = hours is not None and hours <= SOON_HOURS and share >= LEAST_SHARE
    facts: dict[str, Scalar] = {"free_mib": free // MIB}
    if hours is not None and hours < 24 * 365:
        facts["mib_per_hour"] = round(rate * 3600 / MIB, 1)
    else:
        hours = None
    return judged(
        SIGNAL,
        entity.fs(host.name, point),
        Reason.HIGH if soon else Reason.OK,
        None if hours is None else round(hours, 1),
        **facts,
    )
