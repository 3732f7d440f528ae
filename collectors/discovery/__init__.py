"""What this host is and leans on: the facts from which the server builds the topology."""

from __future__ import annotations

from collectors.discovery.inventory import discover

__all__ = ["discover"]
