"""The figures of the host under the names of node_exporter, so that its dashboards and alert rules work."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import Metric

from collectors.host import Host


class HostMetrics:
    """A registry's collector; reads only /proc and /sys, and asks nothing that can hang but local mounts."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def collect(self) -> Iterator[Metric]:
        """The readers are loaded by the first scrape: an agent that nobody scrapes saves the megabyte."""
        from agent.host_metrics.exposition import scrape  # noqa: PLC0415 - see above

        return scrape(self._host)
