"""Reads from /sys which SCSI disks the kernel took offline."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from collectors.host import JSON, Host
from collectors.judging import judged
from collectors.source import TreeSource
from collectors.storage.block_devices import OFFLINE
from collectors.sysfs import Files, names
from wire import entity
from wire.judgement import Judgement, Reason

BLOCK = "/sys/block"


class ScsiDisks(msgspec.Struct, frozen=True):
    states: dict[str, str]
    files: dict[str, str]


def gather(host: Host) -> ScsiDisks | None:
    """Kernel: drivers/scsi/scsi_sysfs.c names the states."""
    files = Files(host)
    states = {
        name: state
        for name in names(host, BLOCK, r"sd[a-z]+")
        if (state := files.text(f"{BLOCK}/{name}/device/state"))
    }
    return ScsiDisks(states, files.read) if states else None


def judge(found: ScsiDisks, host: Host) -> Iterator[Judgement]:
    for name, state in found.states.items():
        reason = Reason.STOPPED if state in OFFLINE else Reason.OK
        yield judged("disk.controller", entity.disk(host.name, name), reason, None, state=state)


def facts(found: ScsiDisks) -> dict[str, JSON]:
    return dict(found.files)


SOURCE = TreeSource[ScsiDisks](kinds=("scsi",), gather=gather, judge=judge, facts=facts)
