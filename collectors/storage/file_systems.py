"""Is there room for data and for files on each file system? Values: used share of space and of inodes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import msgspec

from collectors.command import Completed
from collectors.host import Host
from collectors.judging import judged
from collectors.storage.mount_table import MountPoint, Wanted, file_systems, mounts, wanted_mounts
from collectors.unit import Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason, Scalar, unknown

SPACE, INODES, MOUNT = "fs.space", "fs.inodes", "fs.mount"
COLLECTOR = Collector(signals=(SPACE, INODES, MOUNT), layer=Layer.HOST, interval=2.0)
MIB, GIB = 1024**2, 1024**3
REMOTE_SECONDS = 30.0
"""Between two looks at what may hang: each costs a process."""
HANG_SECONDS = 1.5
SLOW_MACHINE = 5.0
"""Times what the same takes at the root of the machine: to be late where nothing has time is not to hang."""
LONGEST_SECONDS = 4.0
AT_ONCE = 32
"""Looks under way together; where more are due, those that were looked at longest ago come first."""


class Room(msgspec.Struct, frozen=True):
    """What statvfs(3) tells, for those who are not root: blocks reserved for root are no room."""

    size: int
    """Bytes."""
    used: int
    free: int
    files: int
    """Inodes; 0 where the file system makes them as needed."""
    files_free: int


class _Looked(msgspec.Struct, frozen=True):
    """The last look at one mount that may hang."""

    at: float
    told: list[Judgement]

    def due(self, now: float) -> bool:
        return now - self.at >= REMOTE_SECONDS or any(one.reason is Reason.HUNG for one in self.told)


_NEVER = _Looked(float("-inf"), [])


def read(host: Host) -> Iterable[Judgement]:
    """One judgement for each file system, at the first of its mount points; read-only ones need no room."""
    present = file_systems(host)
    yield from _remote(host, [one for one in present if one.may_hang])
    for one in present:
        if not one.may_hang and "ro" not in one.options:
            yield from _local(host, one)
    points = {one.point for one in mounts(host)}
    for wanted in wanted_mounts(host):
        if wanted.may_hang and wanted.point not in points:
            yield judged_mount(host, wanted, Reason.MISSING)


def judged_mount(host: Host, one: MountPoint | Wanted, reason: Reason, instead: str = "") -> Judgement:
    """``instead``: the type of what is mounted there."""
    facts: dict[str, Scalar] = {"source": one.source[:512], "type": one.type}
    if instead:
        facts["instead"] = instead
    return judged(MOUNT, entity.mount(host.name, one.point), reason, None, **facts)


def _local(host: Host, one: MountPoint) -> Iterator[Judgement]:
    if not host.touch(entity.fs(host.name, one.point)):
        return
    try:
        told = os.statvfs(host.path(one.point))
    except (FileNotFoundError, PermissionError):  # unmounted just now, or in a folder that may not be entered
        return
    except OSError as error:  # there, and broken: its silence must not be taken for its end
        for signal in (SPACE, INODES):
            why = error.strerror or ""
            yield unknown(signal, entity.fs(host.name, one.point), Reason.UNREADABLE, error=why)
        return
    unit = told.f_frsize or told.f_bsize
    room = Room(
        size=told.f_blocks * unit,
        used=(told.f_blocks - told.f_bfree) * unit,
        free=told.f_bavail * unit,
        files=told.f_files,
        files_free=told.f_favail,
    )
    yield from judge_room(host, one.point, room, one.source, one.type)


def _remote(host: Host, points: list[MountPoint]) -> Iterator[Judgement]:
    """A look at a mount whose server is away does not come back: a child takes it, and may be killed.

    A server that is away has many mounts, often: they are looked at together, and wait together.
    """
    kept: dict[str, _Looked] = host.memory.get("remote", {})
    known = {one.point: kept.get(one.point, _NEVER) for one in points}
    due = sorted(
        (one for one in points if known[one.point].due(host.ticks())), key=lambda one: known[one.point].at
    )
    if due:
        with ThreadPoolExecutor(max_workers=AT_ONCE) as threads:
            for one, told in zip(
                due, threads.map(partial(_look_remotely, host), due[:AT_ONCE]), strict=False
            ):
                known[one.point] = _Looked(host.ticks(), told)
    host.memory["remote"] = known
    for looked in known.values():
        yield from looked.told


def _look_remotely(host: Host, one: MountPoint) -> list[Judgement]:
    return list(_told_remotely(host, one))


def _told_remotely(host: Host, one: MountPoint) -> Iterator[Judgement]:
    answer = _stat(host, one.point, HANG_SECONDS)
    if answer.late:
        patience = _patience(host)
        if patience > HANG_SECONDS:
            answer = _stat(host, one.point, patience)
    lost = answer.late or b"Stale" in answer.err or b"not connected" in answer.err
    yield judged_mount(host, one, Reason.HUNG if lost else Reason.OK)
    numbers = answer.text.split()
    if not answer.ok or len(numbers) != 6 or "ro" in one.options:
        return
    unit, blocks, free, available, files, files_free = map(int, numbers)
    room = Room(blocks * unit, (blocks - free) * unit, available * unit, files, files_free)
    yield from judge_room(host, one.point, room, one.source, one.type)


def _patience(host: Host) -> float:
    """Seconds, from how long the same takes at the root; 0 where that does not answer either."""
    began = host.ticks()
    answer = _stat(host, "/", LONGEST_SECONDS)
    return min(LONGEST_SECONDS, SLOW_MACHINE * (host.ticks() - began)) if answer.ok else 0.0


def _stat(host: Host, point: str, timeout: float) -> Completed:
    return host.run(["stat", "-f", "-c", "%S %b %f %a %c %d", "--", point], timeout=timeout)


def judge_room(host: Host, point: str, room: Room, source: str = "", type_: str = "") -> Iterator[Judgement]:
    """Of space where a size is known, of inodes where their number is."""
    subject = entity.fs(host.name, point)
    if room.size:
        share = room.used / max(1, room.used + room.free)
        yield judged(
            SPACE,
            subject,
            _space(share, room),
            round(share, 4),
            free_mib=room.free // MIB,
            size_mib=room.size // MIB,
            device=source[:512],
            type=type_,
        )
    if room.files:
        share = 1 - room.files_free / room.files
        yield judged(
            INODES, subject, _inodes(share, room), round(share, 4), free=room.files_free, total=room.files
        )


def _space(share: float, room: Room) -> Reason:
    """Both a share and an amount: a fiftieth of a huge disk is plenty."""
    if (share >= 0.98 and room.free < 2 * GIB) or room.free == 0 or (share >= 0.95 and room.free < 256 * MIB):
        return Reason.FULL
    if share >= 0.90 and room.free < 5 * GIB and room.size >= GIB:
        return Reason.HIGH
    return Reason.OK


def _inodes(share: float, room: Room) -> Reason:
    if share >= 0.98 and room.files_free < 10_000:
        return Reason.EXHAUSTED
    if share >= 0.90 and room.files_free < 100_000 and room.files >= 10_000:
        return Reason.HIGH
    return Reason.OK
