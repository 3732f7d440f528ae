"""What fills the file systems? Walks the fullest one for a bounded time. Value: MiB in its largest folder."""

from __future__ import annotations

import heapq
import os
from collections import Counter
from collections.abc import Iterable

from collectors.host import Host
from collectors.judging import judged
from collectors.storage.mount_table import MountPoint, file_systems
from collectors.unit import Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason, Scalar

SIGNAL = "fs.largest"
COLLECTOR = Collector(signals=(SIGNAL,), layer=Layer.HOST, timeout=8.0, risky=True, on_demand=True)
SECONDS = 5.0
NAMED = 5
MIB = 1024**2
NEARLY_FULL = 0.85


def read(host: Host) -> Iterable[Judgement]:
    """Only file systems that are nearly full are walked; the time is shared among them."""
    fullest = sorted(
        (share, one.point, one) for one in _local(host) if (share := _used(host, one)) >= NEARLY_FULL
    )
    for share, point, _ in reversed(fullest):
        files, folders, complete = _walk(host, point, SECONDS / len(fullest))
        facts: dict[str, Scalar] = {"used_share": round(share, 4), "complete": complete}
        for rank, (size, path) in enumerate(files, start=1):
            facts[f"file_{rank}"] = f"{size // MIB} MiB {path}"[:1024]
        for rank, (path, size) in enumerate(folders.most_common(NAMED), start=1):
            facts[f"folder_{rank}"] = f"{size // MIB} MiB {path}"[:1024]
        largest = max(folders.values(), default=0)
        yield judged(SIGNAL, entity.fs(host.name, point), Reason.HIGH, largest / MIB, **facts)


def _local(host: Host) -> list[MountPoint]:
    return [one for one in file_systems(host) if not one.may_hang]


def _used(host: Host, one: MountPoint) -> float:
    if not host.touch(entity.fs(host.name, one.point)):
        return 0.0
    try:
        told = os.statvfs(host.path(one.point))
    except OSError:
        return 0.0
    used = told.f_blocks - told.f_bfree
    return used / (used + told.f_bavail) if used else 0.0


def _walk(host: Host, point: str, seconds: float) -> tuple[list[tuple[int, str]], Counter[str], bool]:
    """The largest files, the bytes of files directly in each folder, and whether all was seen."""
    deadline = host.ticks() + seconds
    base = host.path(point)
    device = os.lstat(base).st_dev
    largest: list[tuple[int, str]] = []
    folders: Counter[str] = Counter()
    waiting = [base]
    while waiting:
        folder = waiting.pop()
        if host.ticks() > deadline:
            return sorted(largest, reverse=True), folders, False
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    told = entry.stat(follow_symlinks=False)
                    if entry.is_dir(follow_symlinks=False):
                        if told.st_dev == device:
                            waiting.append(entry.path)
                        continue
                    size = told.st_blocks * 512
                    folders[folder] += size
                    heapq.heappush(largest, (size, entry.path))
                    if len(largest) > NAMED:
                        heapq.heappop(largest)
        except OSError:  # gone, or closed to us
            continue
    return sorted(largest, reverse=True), folders, True
