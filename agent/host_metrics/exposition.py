"""One scrape: every reader in turn; one that cannot read says so and leaves the others alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from agent.host_metrics import clock, cpu, disks, file_systems, hardware, kernel, links, memory, system, tcp
from collectors.host import Host

Read = Callable[[Host], Iterator[Metric]]
READERS: dict[str, Read] = {
    "cpu": cpu.cpu,
    "loadavg": cpu.load,
    "stat": cpu.stat,
    "pressure": cpu.pressure,
    "meminfo": memory.meminfo,
    "vmstat": memory.vmstat,
    "filesystem": file_systems.file_systems,
    "diskstats": disks.diskstats,
    "mdadm": disks.mdadm,
    "netdev": links.netdev,
    "netclass": links.netclass,
    "bonding": links.bonding,
    "netstat": tcp.netstat,
    "sockstat": tcp.sockstat,
    "softnet": tcp.softnet,
    "conntrack": tcp.conntrack,
    "filefd": kernel.filefd,
    "entropy": kernel.entropy,
    "uname": system.uname,
    "os": system.os_release,
    "time": clock.now,
    "timex": clock.timex,
    "hwmon": hardware.hwmon,
    "thermal_zone": hardware.thermal_zones,
    "edac": hardware.edac,
}
"""Under the names of node_exporter's collectors, in the order of a round."""


def scrape(host: Host) -> Iterator[Metric]:
    success = GaugeMetricFamily(
        "node_scrape_collector_success", "Whether the reader could read", labels=["collector"]
    )
    duration = GaugeMetricFamily(
        "node_scrape_collector_duration_seconds", "How long the reader took", labels=["collector"]
    )
    for name, read in READERS.items():
        began = time.perf_counter()
        try:
            metrics = [metric for metric in read(host) if metric.samples]
        except (OSError, ValueError, IndexError, KeyError):
            # The kernel is without it, or words it in a way nobody has seen: told, and no more.
            success.add_metric([name], 0.0)
        else:
            success.add_metric([name], 1.0)
            yield from metrics
        duration.add_metric([name], time.perf_counter() - began)
    yield duration
    yield success
