"""Are the arrays of the md driver whole? Values: members missing; of a disk, its failed parts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from collectors.host import JSON, Host
from collectors.judging import judged
from collectors.parsing import flush_lines
from collectors.source import Source
from collectors.unit import Collector
from rules.matching.entities import whole_disk
from wire import entity
from wire.judgement import Judgement, Layer, Reason, Scalar

ARRAY, DISK = "raid.array", "raid.disk"
MDSTAT = "/proc/mdstat"
COLLECTOR = Collector(signals=(ARRAY, DISK), layer=Layer.HARDWARE, interval=10.0, where=(MDSTAT,))
HEAD = re.compile(r"^(?P<name>md[\w./-]{0,60}) ?: (?P<state>active|inactive|broken)\b(?P<rest>.*)$")
BODY = re.compile(r"(?<=[\])])\s+(?=\d+ blocks)")
"""Where a page has run the second line of a block into the first."""
MEMBER = re.compile(r"(?P<disk>[\w!./-]{1,64})\[(?P<slot>\d+)\](?P<flags>(?:\([A-Z]\))*)")
COUNTS = re.compile(r"\[(?P<wanted>\d+)/(?P<there>\d+)\](?:\s+\[(?P<map>[U_]+)\])?")
WORK = re.compile(
    r"(?P<work>resync|recovery|reshape|check|repair)\s*=\s*(?P<how>[\d.]+%|DELAYED|PENDING|REMOTE)"
)
SPARE_PARTS = {"raid1": 0, "raid4": 1, "raid5": 1, "raid6": 2}
"""How many members a level can lose; raid1 all but one, raid10 depends on which."""
FAILED = "(F)"


class Array(msgspec.Struct, frozen=True, kw_only=True):
    """One block of lines of /proc/mdstat (md(4), mdstat)."""

    name: str
    state: str
    """``active``, ``inactive``, or ``broken``: a raid0 that lost a disk."""
    level: str = ""
    wanted: int = 0
    there: int = 0
    map: str = ""
    """``U_``: which members are up; empty for a level without redundancy."""
    members: dict[str, str] = {}
    """Device → its flags: (F) failed, (S) spare, (W) write-mostly, (R) replacement, (J) journal."""
    work: str = ""
    progress: str = ""
    container: bool = False
    """Holds the metadata of BIOS RAID; it is never active itself."""

    @property
    def missing(self) -> int:
        """By the counts or the map, whichever tells of more; by the failed disks where neither is told."""
        if not self.wanted:
            return len(self.failed)
        return max(0, self.wanted - self.there, self.map.count("_"))

    @property
    def failed(self) -> list[str]:
        return sorted(disk for disk, flags in self.members.items() if FAILED in flags)

    @property
    def reason(self) -> Reason:
        if self.container:
            return Reason.OK
        if self.state != "active" or (self.level in ("raid0", "linear") and self.failed):
            return Reason.STOPPED
        members = self.wanted or len(self.members)
        allowed = members - 1 if self.level == "raid1" else SPARE_PARTS.get(self.level, members)
        if self.missing > allowed:
            return Reason.STOPPED
        return Reason.DEGRADED if self.missing else Reason.OK


def read(host: Host) -> Iterable[Judgement]:
    """One judgement per array and per disk in one; nothing where the kernel has no md driver."""
    if host.exists(MDSTAT):
        yield from judge(parse(host.read_bytes(MDSTAT)), host)


def parse(raw: bytes) -> list[Array]:
    """Raises ValueError for what is no /proc/mdstat."""
    blocks: list[list[str]] = []
    known = False
    for line in flush_lines(raw):
        known |= line.startswith(("Personalities", "unused devices"))
        if HEAD.match(line):
            blocks.append(BODY.split(line, maxsplit=1))
        elif blocks and line.startswith((" ", "\t")) and line.strip():
            blocks[-1].append(line)
    if not known and not blocks:
        raise ValueError("neither an array nor a line of personalities")
    return [_array(block) for block in blocks]


def _array(block: list[str]) -> Array:
    head = HEAD.match(block[0])
    if head is None:
        raise ValueError(f"no array: {block[0][:80]}")
    words = [word for word in head["rest"].split() if not word.startswith("(")]
    level = words[0] if words and "[" not in words[0] else ""
    body = "\n".join(block[1:])
    counts = COUNTS.search(body)
    work = WORK.search(body)
    return Array(
        name=head["name"],
        state=head["state"],
        level=level,
        wanted=int(counts["wanted"][:6]) if counts else 0,
        there=int(counts["there"][:6]) if counts else 0,
        map=(counts["map"] or "") if counts else "",
        members={found["disk"]: found["flags"] for found in MEMBER.finditer(head["rest"])},
        work=work["work"] if work else "",
        progress=work["how"] if work else "",
        container="super external:" in body and head["state"] == "inactive" and "external:/" not in body,
    )


def judge(arrays: list[Array], host: Host) -> Iterator[Judgement]:
    """A failed disk is told with its array while that lacks it, and by itself once a spare stands in."""
    bad: dict[str, list[str]] = {}
    for one in arrays:
        yield _judged(one, host)
        if one.reason is Reason.OK:
            for disk, flags in one.members.items():
                bad.setdefault(whole_disk(disk), []).extend([f"{disk} in {one.name}"] * (FAILED in flags))
    for disk, found in sorted(bad.items()):
        reason = Reason.ERRORS if found else Reason.OK
        facts: dict[str, Scalar] = {"failed": ", ".join(found)} if found else {}
        yield judged(DISK, entity.disk(host.name, disk), reason, len(found), **facts)


def _judged(one: Array, host: Host) -> Judgement:
    facts: dict[str, Scalar] = {"level": one.level, "state": one.state, "members": " ".join(one.members)}
    if one.wanted:
        facts |= {"wanted": one.wanted, "there": one.there}
    if one.failed:
        facts["failed"] = " ".join(one.failed)
    if one.work:
        facts[one.work] = one.progress
    return judged(ARRAY, entity.array(host.name, one.name), one.reason, one.missing, **facts)


def facts(arrays: list[Array]) -> dict[str, JSON]:
    return {
        "arrays": {one.name: one.map or one.state for one in arrays},
        "not_clean": [one.name for one in arrays if one.reason is not Reason.OK],
        "detail": [msgspec.to_builtins(one) for one in arrays],
    }


SOURCE = Source[list[Array]](
    kinds=("mdstat", "proc_mdstat"), parse=parse, judge=judge, facts=facts, nothing=[]
)
