"""Open files of the machine (proc_sys_fs(5)) and the randomness that the kernel has (random(4))."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import Metric

from agent.host_metrics.families import one
from collectors.host import Host


def filefd(host: Host) -> Iterator[Metric]:
    used, _, most = host.read("/proc/sys/fs/file-nr", 256).split()
    yield one("node_filefd_allocated", "File descriptor statistics: allocated.", int(used))
    yield one("node_filefd_maximum", "File descriptor statistics: maximum.", int(most))


def entropy(host: Host) -> Iterator[Metric]:
    for file, metric, text in (
        ("entropy_avail", "available", "Bits of available entropy."),
        ("poolsize", "pool_size", "Bits of entropy pool."),
    ):
        bits = int(host.read(f"/proc/sys/kernel/random/{file}", 64))
        yield one(f"node_entropy_{metric}_bits", text, bits)
