"""Room on the mounted file systems, by statvfs(3). What may hang for ever is left to the collectors."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterator

from prometheus_client.core import Metric

from agent.host_metrics.families import gauge
from collectors.host import Host
from collectors.storage.mount_table import MountPoint, mounts

TYPES_LEFT_OUT = re.compile(
    r"autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|efivarfs|erofs|fusectl|hugetlbfs|iso9660|"
    r"mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs|tracefs"
)
POINTS_LEFT_OUT = re.compile(
    r"/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)"
)
"""Both as node_exporter does by default."""
LABELS = ("device", "fstype", "mountpoint")
ROOMS: tuple[tuple[str, str, Callable[[os.statvfs_result], int]], ...] = (
    ("size_bytes", "Filesystem size in bytes.", lambda room: room.f_blocks * room.f_frsize),
    ("free_bytes", "Filesystem free space in bytes.", lambda room: room.f_bfree * room.f_frsize),
    (
        "avail_bytes",
        "Filesystem space available to non-root users in bytes.",
        lambda room: room.f_bavail * room.f_frsize,
    ),
    ("files", "Filesystem total file nodes.", lambda room: room.f_files),
    ("files_free", "Filesystem total free file nodes.", lambda room: room.f_ffree),
)
_one_at_a_time = threading.Lock()
"""A disk that died under a local mount holds one thread, and not one more with each scrape."""


def file_systems(host: Host) -> Iterator[Metric]:
    if not _one_at_a_time.acquire(blocking=False):
        raise OSError("the last look has not come back")
    try:
        told = {_labels(one): (one, _room(host, one)) for one in mounts(host) if _counts(one)}
    finally:
        _one_at_a_time.release()
    rooms = {labels: room for labels, (_, room) in told.items() if room is not None}
    for name, text, value in ROOMS:
        samples = [(labels, value(room)) for labels, room in rooms.items()]
        yield gauge(f"node_filesystem_{name}", text, LABELS, samples)
    states = [(labels, float("ro" in one.options)) for labels, (one, _) in told.items()]
    yield gauge("node_filesystem_readonly", "Filesystem read-only status.", LABELS, states)
    errors = [(labels, float(room is None)) for labels, (_, room) in told.items()]
    text = "Whether an error occurred while getting statistics for the given device."
    yield gauge("node_filesystem_device_error", text, LABELS, errors)


def _counts(one: MountPoint) -> bool:
    left_out = TYPES_LEFT_OUT.fullmatch(one.type) or POINTS_LEFT_OUT.match(one.point)
    return not (one.may_hang or left_out)


def _labels(one: MountPoint) -> tuple[str, str, str]:
    return (one.source, one.type, one.point)


def _room(host: Host, one: MountPoint) -> os.statvfs_result | None:
    try:
        return os.statvfs(host.path(one.point))
    except OSError:
        return None
