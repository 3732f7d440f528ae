"""Memory (proc_meminfo(5)) and paging (proc_vmstat(5))."""

from __future__ import annotations

import re
from collections.abc import Iterator

from prometheus_client.core import Metric

from agent.host_metrics.families import one, untyped
from collectors import cgroups
from collectors.host import Host

UNFIT = re.compile(r"\W+")
KIB = 1024
VMSTAT = re.compile(r"oom_kill|pgpg|pswp|pg.*fault")


def meminfo(host: Host) -> Iterator[Metric]:
    for line in host.read("/proc/meminfo", 65_536).splitlines():
        name, _, rest = line.partition(":")
        words = rest.split()
        if not words:
            continue
        field = UNFIT.sub("_", name).strip("_")
        in_bytes = words[1:] == ["kB"]
        metric = f"node_memory_{field}{'_bytes' if in_bytes else ''}"
        value = int(words[0]) * (KIB if in_bytes else 1)
        yield one(metric, f"Memory information field {field}{'_bytes' if in_bytes else ''}.", value)


def vmstat(host: Host) -> Iterator[Metric]:
    for name, value in cgroups.table(host, "/proc/vmstat").items():
        if VMSTAT.match(name):
            yield untyped(f"node_vmstat_{name}", f"/proc/vmstat information field {name}.", value)
