"""Are the NVMe controllers alive? Value: 1 for one that is not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from collectors.host import JSON, Host
from collectors.judging import judged
from collectors.source import TreeSource
from collectors.sysfs import Files, names
from collectors.unit import Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason

SIGNAL = "disk.controller"
COLLECTOR = Collector(
    signals=(SIGNAL,),
    layer=Layer.HARDWARE,
    interval=10.0,
    where=("/sys/class/nvme/nvme*", "/sys/class/nvme-subsystem/*"),
)
PLACES = ("/sys/class/nvme", "/sys/class/nvme-subsystem")
REASONS = {
    "live": Reason.OK, "new": Reason.OK, "deleting": Reason.OK, "deleting (no IO)": Reason.OK,
    "resetting": Reason.DEGRADED, "connecting": Reason.DEGRADED, "dead": Reason.STOPPED,
}  # fmt: skip


class Controllers(msgspec.Struct, frozen=True):
    states: dict[str, str]
    files: dict[str, str]


def read(host: Host) -> Iterable[Judgement]:
    found = gather(host)
    if found is not None:
        yield from judge(found, host)


def gather(host: Host) -> Controllers | None:
    """Controllers by themselves and as the ways of a subsystem (NVMe over fabrics: several)."""
    files = Files(host)
    states: dict[str, str] = {}
    folders = [f"{PLACES[0]}/{name}" for name in names(host, PLACES[0], r"nvme\d+")]
    for subsystem in names(host, PLACES[1]):
        folder = f"{PLACES[1]}/{subsystem}"
        folders += [f"{folder}/{name}" for name in names(host, folder, r"nvme\d+")]
    for folder in folders:
        if state := files.text(f"{folder}/state"):
            states.setdefault(folder.rpartition("/")[2], state)
        for name in names(host, folder, r"nvme\d+c?\d*n\d+"):
            files.text(f"{folder}/{name}/ana_state")
    return Controllers(states, files.read) if states else None


def judge(found: Controllers, host: Host) -> Iterator[Judgement]:
    for name, state in found.states.items():
        reason = REASONS.get(state, Reason.DEGRADED)
        subject = entity.disk(host.name, f"{name}n1")
        yield judged(SIGNAL, subject, reason, float(reason is not Reason.OK), state=state)


def facts(found: Controllers) -> dict[str, JSON]:
    return dict(found.files)


SOURCE = TreeSource[Controllers](kinds=("nvme", "nvme_state"), gather=gather, judge=judge, facts=facts)
