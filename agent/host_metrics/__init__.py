"""The figures of the host under the names of node_exporter, so that its dashboards and alert rules work."""

from __future__ import annotations

from agent.host_metrics.exposition import HostMetrics

__all__ = ["HostMetrics"]
