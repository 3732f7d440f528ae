"""Is every mount there that should be, may it be written, is it sound? Value: errors counted."""

from __future__ import annotations

import asyncio
import select
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import PurePath

from collectors.awaiting import Bell
from collectors.host import Host
from collectors.judging import judged
from collectors.storage.file_systems import MOUNT, judged_mount
from collectors.storage.mount_table import (
    MOUNTINFO,
    MountPoint,
    Wanted,
    file_systems,
    hides,
    mountinfo,
    mounts,
    wanted_mounts,
)
from collectors.unit import Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason, unknown

READ_ONLY, ERRORS = "fs.read_only", "fs.errors"
COLLECTOR = Collector(signals=(READ_ONLY, ERRORS, MOUNT), layer=Layer.HOST)
POLL_SECONDS = 2.0
SETTLE = 0.1
"""Seconds in which the several changes of one mount or unmount arrive."""
KEY = "writable mounts"
REMEMBERED = 1024
STOPS = "errors=remount-ro"
"""After an error nothing is written any more. Newer kernels do not call that read-only in the table, and
those that took this over without ``emergency_ro`` (seen: Debian's 6.1.192) call it nothing at all."""


def read(host: Host) -> Iterable[Judgement]:
    wanted = {one.point: one for one in wanted_mounts(host)}
    yield from _writability(host, wanted)
    topmost = {one.point: one for one in mounts(host)}
    for point, one in wanted.items():
        if one.may_hang:  # those are judged by who looks whether they hang
            continue
        there = topmost.get(point)
        instead = there.type if there is not None and hides(there, one) else ""
        reason = Reason.MISSING if there is None or instead else Reason.OK
        yield judged_mount(host, one, reason, instead)


async def follow(host: Host) -> AsyncIterator[Judgement]:
    """The kernel announces mounts and remounts; what it does by itself after errors is seen by polling."""
    told: set[tuple[str, str, Reason]] = set()
    before = b""
    with host.open(MOUNTINFO) as table, select.epoll() as changes:
        changes.register(table, select.EPOLLPRI)
        with Bell(changes.fileno()) as bell:
            while True:
                raw = mountinfo(host)
                if raw != before:
                    before = raw
                    now = list(read(host))
                    for judgement in now:
                        if (judgement.signal, judgement.subject, judgement.reason) not in told:
                            yield judgement
                    told = {(one.signal, one.subject, one.reason) for one in now}
                if await bell.rung(POLL_SECONDS):
                    await asyncio.sleep(SETTLE)
                changes.poll(0)


def _writability(host: Host, wanted: dict[str, Wanted]) -> Iterator[Judgement]:
    """A mount should be writable when fstab says so or when it once was."""
    kept: dict[str, str] = host.remembered.get(KEY, {})
    present = file_systems(host)
    known = {one.point: kept[one.point] for one in present if one.point in kept}
    for one in present:
        cause, errors = _cause(one), _errors(host, one)
        if errors is not None:
            reason = Reason.ERRORS if errors else Reason.OK
            yield judged(ERRORS, entity.fs(host.name, one.point), reason, errors, device=one.source[:512])
        if cause is Reason.OK:
            known[one.point] = one.device
        elif known.get(one.point) != one.device and not _wanted_writable(wanted.get(one.point)):
            continue
        if cause is Reason.OK and errors and STOPS in one.super_options:
            note = "it has counted errors, and not every kernel tells here that it writes no more"
            yield unknown(READ_ONLY, entity.fs(host.name, one.point), Reason.NOT_SUPPORTED, note=note)
            continue
        yield judged(
            READ_ONLY,
            entity.fs(host.name, one.point),
            cause,
            errors or 0,
            device=one.source[:512],
            type=one.type,
            by={Reason.OK: "nobody", Reason.ERRORS: "the kernel, after errors"}.get(
                cause, "a remount by hand"
            ),
        )
    host.remembered[KEY] = dict(list(known.items())[:REMEMBERED])


def _wanted_writable(one: Wanted | None) -> bool:
    return one is not None and "ro" not in one.options


def _cause(one: MountPoint) -> Reason:
    """A remount by hand marks the mount and the file system; the kernel in trouble marks only the latter."""
    if "ro" in one.options:
        return Reason.READ_ONLY
    if {"ro", "emergency_ro", "shutdown"} & one.super_options:
        return Reason.ERRORS
    return Reason.OK


def _errors(host: Host, one: MountPoint) -> int | None:
    """Errors that ext4 counted since the last check of the file system; None where nobody counts."""
    try:  # a mapped device is mounted by its name, and counted by its number
        name = PurePath(host.read_link(f"/sys/dev/block/{one.device}")).name
    except OSError:
        name = one.source.rpartition("/")[2]
    try:
        return int(host.read(f"/sys/fs/ext4/{name}/errors_count", 64))
    except (OSError, ValueError):
        return None
