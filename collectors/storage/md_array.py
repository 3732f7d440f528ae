"""Are the arrays whole by what the md driver shows in /sys? Value: members missing in the array."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from collectors.host import JSON, Host
from collectors.judging import judged
from collectors.source import TreeSource
from collectors.storage.mdstat import ARRAY, DISK
from collectors.sysfs import Files, names
from rules.matching.entities import whole_disk
from wire import entity
from wire.judgement import Judgement, Reason

GONE = frozenset(["inactive", "broken"])


class Member(msgspec.Struct, frozen=True):
    """One folder ``dev-*`` (kernel: Documentation/admin-guide/md.rst)."""

    disk: str
    state: str


class MdArray(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    state: str
    level: str
    degraded: int
    container: bool
    """Holds the metadata of BIOS RAID; it is never active itself."""
    members: tuple[Member, ...]


class MdArrays(msgspec.Struct, frozen=True):
    arrays: tuple[MdArray, ...]
    files: dict[str, str]


def gather(host: Host) -> MdArrays | None:
    files = Files(host)
    found = [
        _array(host, files, name)
        for name in names(host, "/sys/block", r"md[\w-]+")
        if host.exists(f"/sys/block/{name}/md")
    ]
    return MdArrays(tuple(found), files.read) if found else None


def _array(host: Host, files: Files, name: str) -> MdArray:
    folder = f"/sys/block/{name}/md"
    level = files.text(f"{folder}/level")
    return MdArray(
        name=name,
        state=files.text(f"{folder}/array_state"),
        level=level,
        degraded=files.number(f"{folder}/degraded") or 0,
        container=level == "container",
        members=tuple(
            Member(member.removeprefix("dev-"), files.text(f"{folder}/{member}/state"))
            for member in names(host, folder, r"dev-[\w!.-]+")
        ),
    )


def judge(found: MdArrays, host: Host) -> Iterator[Judgement]:
    for one in found.arrays:
        faulty = [member.disk for member in one.members if "faulty" in member.state]
        stopped = one.state in GONE and not one.container
        reason = Reason.STOPPED if stopped else Reason.DEGRADED if one.degraded > 0 else Reason.OK
        subject = entity.array(host.name, one.name)
        yield judged(ARRAY, subject, reason, one.degraded, state=one.state, level=one.level)
        for disk in faulty if reason is Reason.OK else ():
            yield judged(DISK, entity.disk(host.name, whole_disk(disk)), Reason.ERRORS, 1, array=one.name)


def facts(found: MdArrays) -> dict[str, JSON]:
    return dict(found.files)


SOURCE = TreeSource[MdArrays](kinds=("mdstat", "md"), gather=gather, judge=judge, facts=facts)
