"""Reads every attribute below /sys that health rests on, whatever device it belongs to."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator

import msgspec

from collectors.host import JSON, Host
from collectors.source import TreeSource
from wire.judgement import Judgement

ROOT = "/sys"
HEALTH = re.compile(
    # what it is doing: md, nvme, scsi, infiniband, fc, net, drm, power supplies, regulators, watchdogs
    r"state|\w+_state|status|operstate|phys_state|mii_status|link_state|health|online|present|degraded|"
    r"bootstatus|fw_status|broken_parity_status|link_(layer|mode)|sync_action|sync_completed|mismatch_cnt|raid_disks|level|slaves|active_slave|ad_\w+|dirty|frozen|"
    # what it counted
    r"\w*_(count|errors?|errs|err_cnt|dropped|missed|overruns?|timeouts?|retries|resets|failures?)|"
    r"\w*(errors?|timeout)s?_count|collisions|carrier\w*|link_downed|link_error_recovery|symbol_error|"
    r"\w+_err\w*|\w*discards?|\w*throttle\w*|ioerr_cnt|iotmo_cnt|aer_\w+|first_error_\w+|last_error_\w+|"
    r"VL15_dropped|local_link_integrity_errors|error_\w+|\w+_fail|tx_timeout|port_xmit_wait|"
    # sensors, power and temperature
    r"(temp|fan|in|curr|power|humidity|intrusion|energy)\d*_(alarm|fault|input|average|label|\w*(alarm|crit|max|min))|"
    r"\w*_alarm|alarm|n_alarms|\w*_fault|temp|temp_\w+|capacity|capacity_\w+|charge_\w+|energy_\w+|cycle_count|voltage_\w+|"
    # what it runs at
    r"speed|duplex|mtu|rate|\w+_link_(speed|width)|carrier|ro|size|model|vendor|rev|serial|firmware_rev|fw_ver|type|"
    r"numa_node|label|dimm_label|dimm_location|name"
)
"""Names of files (kernel: Documentation/ABI)."""
LEFT_OUT = frozenset(
    ["debug", "module", "kernel", "firmware", "tracing", "sections", "parameters", "events", "trace"]
)
MOST, DEEPEST, LONGEST = 50_000, 24, 4096


class Attributes(msgspec.Struct, frozen=True):
    """Path below the root → what the file says, without blanks at the ends."""

    values: dict[str, str]


def gather(host: Host) -> Attributes | None:
    found = dict(_read(host))
    return Attributes(found) if found else None


def _read(host: Host) -> Iterator[tuple[str, str]]:
    """Real files first, then those behind the links of /sys/class and /sys/block, by the name of the link."""
    count = 0
    for path in (*_files(host, ROOT), *_linked(host)):
        try:
            raw = host.read_line(path, LONGEST)
        except OSError:  # not permitted, or the device does not tell now
            continue
        yield path.lstrip("/"), raw.decode("utf-8", "replace").replace("\x00", "").strip()
        count += 1
        if count >= MOST:
            return


def _files(host: Host, top: str, depth: int = DEEPEST) -> Iterator[str]:
    """Without following links: below /sys they lead in circles."""
    try:
        with os.scandir(host.path(top)) as entries:
            here = sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return
    for entry in here:
        path = f"{top}/{entry.name}"
        if entry.is_symlink():
            continue
        if entry.is_dir():
            if depth and entry.name not in LEFT_OUT:
                yield from _files(host, path, depth - 1)
        elif HEALTH.fullmatch(entry.name):
            yield path


def _linked(host: Host) -> Iterator[str]:
    folders = ["/sys/block"]
    if host.exists("/sys/class"):
        folders += [f"/sys/class/{name}" for name in sorted(host.list("/sys/class"))]
    for folder in folders:
        try:
            names = sorted(host.list(folder))
        except OSError:
            continue
        for name in names:
            if _is_link(host, f"{folder}/{name}"):
                yield from _files(host, f"{folder}/{name}", 3)


def _is_link(host: Host, path: str) -> bool:
    try:
        host.read_link(path)
    except OSError:
        return False
    return True


def judge(found: Attributes, host: Host) -> Iterable[Judgement]:
    """The reader of each kind of device judges what it reads of these."""
    del found, host
    return ()


def facts(found: Attributes) -> dict[str, JSON]:
    return dict(found.values)


SOURCE = TreeSource[Attributes](kinds=("sysfs",), gather=gather, judge=judge, facts=facts)
