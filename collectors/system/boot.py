"""Was the machine shut down properly before it was started? Value: seconds since boot."""

from __future__ import annotations

import struct
from collections.abc import Iterable

from collectors.discovery.system import BOOT_ID
from collectors.host import Host
from collectors.judging import judged
from collectors.process_table import uptime
from collectors.unit import Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason, Scalar

SIGNAL = "host.boot"
COLLECTOR = Collector(signals=(SIGNAL,), layer=Layer.HOST)
KEY = "boot"
TOLD_SECONDS = 600.0
"""After boot; then the machine proved that it stays up."""
WTMP = "/var/log/wtmp"
RECORD = struct.Struct("=hxxi32s4s32s256shhiii4I20x")
"""utmp(5)"""
RUN_LEVEL = 1
TAIL = 256 * RECORD.size
MARGIN = 120.0
"""Seconds between the last sign of the agent and the record of the shutdown, either way."""


def read(host: Host) -> Iterable[Judgement]:
    boot_id = host.read(BOOT_ID, 128).strip()
    up = uptime(host)
    last = host.remembered.get(KEY, {})
    if last and last.get("id") != boot_id:
        clean = _shut_down(host, float(last.get("seen", 0.0)), host.clock() - up)
        last = {"unexpected": not clean, "seen_before": last.get("seen", 0.0)}
    unexpected = bool(last.get("unexpected"))
    seen_before = float(last.get("seen_before", 0.0))
    host.remembered[KEY] = {
        "id": boot_id,
        "seen": host.clock(),
        "unexpected": unexpected,
        "seen_before": seen_before,
    }
    facts: dict[str, Scalar] = {"boot_id": boot_id}
    if unexpected:
        facts |= {"last_seen_before": seen_before, "crash_record": _crash_record(host)}
    reason = Reason.REBOOTED if unexpected and up < TOLD_SECONDS else Reason.OK
    yield judged(SIGNAL, entity.host(host.name), reason, round(up), **facts)


def _shut_down(host: Host, seen: float, booted: float) -> bool:
    """Whether somebody wrote down a shutdown between the agent's last sign of life and this boot."""
    return any(seen - MARGIN <= at <= booted + MARGIN for at in _shutdowns(host)) or _told_by_journal(host)


def _shutdowns(host: Host) -> Iterable[float]:
    try:
        raw = host.read_bytes(WTMP, 64 * 1024 * 1024)[-TAIL:]
    except OSError:
        return
    for at in range(0, len(raw) - RECORD.size + 1, RECORD.size):
        kind, _, _, _, user, *rest = RECORD.unpack_from(raw, at)
        if kind == RUN_LEVEL and user.rstrip(b"\0") == b"shutdown":
            yield float(rest[4])


def _told_by_journal(host: Host) -> bool:
    """The last lines of the boot before, where a journal is kept."""
    answer = host.run(["journalctl", "--boot=-1", "--lines=50", "--output=cat", "--quiet"], timeout=3.0)
    return answer.ok and any(
        word in answer.text
        for word in ("Reached target shutdown", "Shutting down.", "System Power Off", "System Reboot")
    )


def _crash_record(host: Host) -> bool:
    """Pstore keeps what the kernel said when it died, where the firmware can."""
    try:
        return bool(host.list("/sys/fs/pstore", 1))
    except OSError:
        return False
