"""Do processes hold deleted files that still fill a file system? Value: MiB held."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from collectors.host import Host
from collectors.identity import identify
from collectors.judging import judged
from collectors.process_table import Process, processes
from collectors.services.socket_owners import open_files
from collectors.storage.mount_table import file_systems, mount_of
from collectors.unit import Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason, Scalar

SIGNAL = "fs.deleted_open"
COLLECTOR = Collector(signals=(SIGNAL,), layer=Layer.HOST, risky=True, on_demand=True)
DELETED = " (deleted)"
MIB = 1024**2
MUCH = 64 * MIB
MUCH_SHARE = 0.05
NAMED = 5


def read(host: Host) -> Iterable[Judgement]:
    points = sorted((one.point for one in file_systems(host)), key=len, reverse=True)
    held: dict[str, dict[tuple[int, int], tuple[int, str]]] = {point: {} for point in points}
    for process in processes(host).values():
        for path, told in _deleted(host, process):
            point = mount_of(path, points)
            if point:
                text = f"{told.st_size // MIB} MiB {path} by {identify(host, process).name} ({process.pid})"
                held[point][(told.st_dev, told.st_ino)] = (told.st_blocks * 512, text[:1024])
    for point, files in held.items():
        yield _judge(host, point, sorted(files.values(), reverse=True))


def _deleted(host: Host, process: Process) -> Iterator[tuple[str, os.stat_result]]:
    for number, goal in open_files(host, process.pid):
        if goal.endswith(DELETED) and goal.startswith("/") and not goal.startswith("/memfd:"):
            try:
                yield goal.removesuffix(DELETED), os.stat(host.path(f"/proc/{process.pid}/fd/{number}"))  # noqa: PTH116
            except OSError:
                continue


def _judge(host: Host, point: str, files: list[tuple[int, str]]) -> Judgement:
    size = sum(size for size, _ in files)
    facts: dict[str, Scalar] = {"files": len(files)}
    for rank, (_, text) in enumerate(files[:NAMED], start=1):
        facts[f"file_{rank}"] = text
    try:
        told = os.statvfs(host.path(point))
        whole = told.f_blocks * told.f_frsize
    except OSError:
        whole = 0
    much = size >= MUCH or (whole > 0 and size >= MUCH_SHARE * whole)
    return judged(
        SIGNAL, entity.fs(host.name, point), Reason.HIGH if much else Reason.OK, size / MIB, **facts
    )
