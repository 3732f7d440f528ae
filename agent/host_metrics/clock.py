"""The time of the host, and what the kernel knows of its clock (adjtimex(2))."""

from __future__ import annotations

import time
from collections.abc import Iterator

from prometheus_client.core import Metric

from agent.host_metrics.families import gauge, one
from collectors.host import Host
from collectors.system.kernel_clock import kernel_clock


def now(host: Host) -> Iterator[Metric]:
    yield one("node_time_seconds", "System time in seconds since epoch (1970).", host.clock())
    local = time.localtime()
    text = "System time zone offset in seconds."
    yield gauge("node_time_zone_offset_seconds", text, ("time_zone",), [((local.tm_zone,), local.tm_gmtoff)])


def timex(host: Host) -> Iterator[Metric]:
    if not host.real:
        return
    told = kernel_clock()
    for name, text, value in (
        ("offset_seconds", "Time offset in between local system and reference clock.", told.offset),
        ("maxerror_seconds", "Maximum error in seconds.", told.largest_error),
        ("estimated_error_seconds", "Estimated error in seconds.", told.estimated_error),
        (
            "sync_status",
            "Is clock synchronized to a reliable server (1 = yes, 0 = no).",
            float(told.synchronised),
        ),
        ("frequency_adjustment_ratio", "Local clock frequency adjustment.", told.frequency),
    ):
        yield one(f"node_timex_{name}", text, value)
