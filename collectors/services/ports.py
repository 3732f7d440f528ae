"""The states of network and InfiniBand ports below /sys, as facts for ``rootward replay --root``."""

from __future__ import annotations

from collections.abc import Iterable

from collectors.host import JSON, Host
from collectors.source import TreeSource
from collectors.sysfs import Files, names
from wire.judgement import Judgement

NET = "/sys/class/net"
INFINIBAND = "/sys/class/infiniband"
OF_A_NIC = (
    "operstate", "carrier", "carrier_changes", "carrier_up_count", "carrier_down_count", "bonding/slaves",
    "statistics/tx_carrier_errors",
)  # fmt: skip
OF_A_PORT = (
    "state",
    "phys_state",
    "counters/link_downed",
    "counters/symbol_error",
    "counters/link_error_recovery",
)


def gather(host: Host) -> dict[str, str] | None:
    """Whoever judges links listens to the kernel itself; these are what it would find on a recorded tree."""
    files = Files(host)
    for nic in names(host, NET):
        for name in OF_A_NIC:
            files.text(f"{NET}/{nic}/{name}")
        for member in names(host, f"{NET}/{nic}", r"(?:slave|lower)_.+"):
            files.text(f"{NET}/{nic}/{member}/operstate")
    for device in names(host, INFINIBAND):
        for port in names(host, f"{INFINIBAND}/{device}/ports", r"\d+"):
            for name in OF_A_PORT:
                files.text(f"{INFINIBAND}/{device}/ports/{port}/{name}")
    return files.read or None


def judge(_found: dict[str, str], _host: Host) -> Iterable[Judgement]:
    return ()


def facts(found: dict[str, str]) -> dict[str, JSON]:
    return dict(found)


SOURCE = TreeSource[dict[str, str]](kinds=("net", "infiniband"), gather=gather, judge=judge, facts=facts)
