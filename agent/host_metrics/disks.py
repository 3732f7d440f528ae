"""Disks (kernel: Documentation/admin-guide/iostats.rst) and arrays of md."""

from __future__ import annotations

import re
from collections.abc import Iterator

from prometheus_client.core import Metric

from agent.host_metrics.families import columns, counter, gauge
from collectors.host import Host

LEFT_OUT = re.compile(r"(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$")
SECTOR, MILLISECOND = 512, 1e-3
COUNTERS = (
    ("reads_completed", "The total number of reads completed successfully.", 1.0),
    ("reads_merged", "The total number of reads merged.", 1.0),
    ("read_bytes", "The total number of bytes read successfully.", SECTOR),
    ("read_time_seconds", "The total number of seconds spent by all reads.", MILLISECOND),
    ("writes_completed", "The total number of writes completed successfully.", 1.0),
    ("writes_merged", "The number of writes merged.", 1.0),
    ("written_bytes", "The total number of bytes written successfully.", SECTOR),
    ("write_time_seconds", "This is the total number of seconds spent by all writes.", MILLISECOND),
    ("io_now", "The number of I/Os currently in progress.", 1.0),
    ("io_time_seconds", "Total seconds spent doing I/Os.", MILLISECOND),
    ("io_time_weighted_seconds", "The weighted number of seconds spent doing I/Os.", MILLISECOND),
    ("discards_completed", "The total number of discards completed successfully.", 1.0),
    ("discards_merged", "The total number of discards merged.", 1.0),
    ("discarded_sectors", "The total number of sectors discarded successfully.", 1.0),
    ("discard_time_seconds", "This is the total number of seconds spent by all discards.", MILLISECOND),
    ("flush_requests", "The total number of flush requests completed successfully.", 1.0),
    ("flush_requests_time_seconds", "Total seconds spent by all flush requests.", MILLISECOND),
)
"""In the order of /proc/diskstats."""
NOW = "io_now"
ARRAY_STATES = ("active", "inactive", "recovering", "resync", "check")
ARRAY_LABELS = ("device", "state")


def diskstats(host: Host) -> Iterator[Metric]:
    rows: dict[str, dict[str, float]] = {}
    for line in host.read("/proc/diskstats").splitlines():
        words = line.split()
        if len(words) > 3 and not LEFT_OUT.match(words[2]):
            figures = zip(COUNTERS, words[3:], strict=False)
            rows[words[2]] = {name: int(figure) * unit for (name, _, unit), figure in figures}
    for name, text, _ in COUNTERS:
        family = gauge if name == NOW else counter
        yield family(f"node_disk_{name}", text, ("device",), columns(rows, name))


def mdadm(host: Host) -> Iterator[Metric]:
    """By /sys/block/md*/md (kernel: Documentation/admin-guide/md.rst)."""
    arrays = {name: folder for name in sorted(host.list("/sys/block")) if (folder := _array(host, name))}
    required, disks, states = [], [], []
    for name, folder in arrays.items():
        wanted = _number(host, f"{folder}/raid_disks")
        required.append(((name,), wanted))
        degraded = _number(host, f"{folder}/degraded")
        present = [_member(host, f"{folder}/{each}") for each in host.list(folder) if each.startswith("dev-")]
        for state, value in (
            ("active", wanted - degraded),
            ("failed", sum("faulty" in one for one in present)),
            ("spare", sum("spare" in one for one in present)),
        ):
            disks.append(((name, state), value))
        now = _state(host, folder)
        states += [((name, state), float(state == now)) for state in ARRAY_STATES]
    yield gauge("node_md_disks_required", "Total number of disks of device.", ("device",), required)
    yield gauge("node_md_disks", "Number of active/failed/spare disks of device.", ARRAY_LABELS, disks)
    yield gauge("node_md_state", "Indicates the state of md-device.", ARRAY_LABELS, states)


def _array(host: Host, name: str) -> str:
    folder = f"/sys/block/{name}/md"
    return folder if name.startswith("md") and host.exists(f"{folder}/array_state") else ""


def _state(host: Host, folder: str) -> str:
    if host.read(f"{folder}/array_state", 64).strip() in {"inactive", "clear"}:
        return "inactive"
    action = _line(host, f"{folder}/sync_action")
    return {"recover": "recovering", "resync": "resync", "check": "check"}.get(action, "active")


def _member(host: Host, folder: str) -> set[str]:
    return set(_line(host, f"{folder}/state").split(","))


def _number(host: Host, path: str) -> float:
    text = _line(host, path).split()
    return float(text[0]) if text and text[0].isdigit() else 0.0


def _line(host: Host, path: str) -> str:
    try:
        return host.read(path, 256).strip()
    except OSError:
        return ""
