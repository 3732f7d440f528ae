"""The drills of the comparison, by area; what matters most first, since the run may be cut short."""

from __future__ import annotations

from itertools import chain, zip_longest

AREAS: dict[str, tuple[str, ...]] = {
    "network": (
        "switch_down",
        "gateway_down",
        "dns_down",
        "port_filtered",
        "link_down",
        "gateway_acl",
        "link_loss",
        "address_duplicate",
        "route_missing",
        "dns_hung",
        "cable_cut",
    ),
    "application": (
        "service_down",
        "database_down",
        "app_bug",
        "certificate_expired",
        "upstream_down",
        "page_wrong",
        "app_slow",
        "certificate_of_another_name",
    ),
    "host": (
        "host_down",
        "backend_down",
        "crash_loop",
        "cpu_saturated",
        "service_hung",
        "database_hung",
        "configuration_invalid",
        "files_exhausted",
    ),
    "storage": (
        "file_system_full_database",
        "inodes_exhausted",
        "file_system_read_only",
        "disk_slow",
        "mount_read_only",
        "file_system_full",
    ),
}
LAST = ("out_of_memory",)
"""Its alert goes on firing for half an hour, and can announce nothing else meanwhile."""


def chosen() -> list[tuple[str, str]]:
    """Area and drill, one of each area in turn."""
    columns = [[(area, drill) for drill in drills] for area, drills in AREAS.items()]
    turns = chain.from_iterable(zip_longest(*columns))
    return [*(one for one in turns if one), *(("host", drill) for drill in LAST)]
