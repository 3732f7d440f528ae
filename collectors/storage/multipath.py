"""Has each multipath disk all of its paths? Value: paths that fail."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from collectors.asking import answered
from collectors.host import JSON, Host
from collectors.judging import judged
from collectors.parsing import lines_of
from collectors.source import Source
from collectors.unit import Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason, Scalar

SIGNAL = "disk.paths"
COLLECTOR = Collector(
    signals=(SIGNAL,),
    layer=Layer.HARDWARE,
    interval=60.0,
    timeout=25.0,
    risky=True,
    needs=("sys_admin",),
    where=("/etc/multipath/bindings", "/run/multipathd.pid", "/run/multipathd"),
)
NAME = re.compile(
    r"^(?:[a-z]+: )?(?P<name>\S.{0,126}?)\s+(?:\((?P<wwid>[^()]{1,128})\)\s+)?"
    r"(?P<dm>dm-\d+)\s*(?P<vendor>.*)$"
)
PATH = re.compile(
    r"^[\s|`\\_-]+(?P<hcil>\d+:\d+:\d+:\d+|#:#:#:#)\s+(?P<disk>[\w!/-]+)\s+(?P<number>[\d#]+:[\d#]+)\s+(?P<rest>\S.*)$"
)
GROUP = re.compile(r"policy='|(?:round-robin|queue-length|service-time|historical-service-time) 0 \[?prio")
FAILED = frozenset(["failed", "faulty", "shaky", "offline", "i/o pending"])

PATHLESS = "##,##"
"""What stands for the vendor of a map that has no path left to ask."""


class PathOf(msgspec.Struct, frozen=True):
    """One way to the disk: what the kernel's mapper, the checker and the SCSI layer say of it."""

    disk: str
    hcil: str
    states: tuple[str, ...]

    @property
    def failed(self) -> bool:
        return bool(FAILED.intersection(self.states)) or self.disk == "-"


class Multipath(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    wwid: str = ""
    dm: str = ""
    vendor: str = ""
    paths: tuple[PathOf, ...] = ()


def read(host: Host) -> Iterable[Judgement]:
    """``multipath -ll``, only where the kernel maps a multipath device."""
    if not any(_is_multipath(host, name) for name in host.list("/sys/block") if name.startswith("dm-")):
        return
    done = host.run(["multipath", "-ll"], timeout=20.0)
    subject = entity.host(host.name)
    yield from answered(done, parse, judge, host, otherwise=(SIGNAL, subject), tool="multipath")


def _is_multipath(host: Host, name: str) -> bool:
    try:
        return host.read(f"/sys/block/{name}/dm/uuid", 128).startswith("mpath-")
    except OSError:
        return False


def parse(raw: bytes) -> list[Multipath]:
    """Every version of the tool, with and without -v. Raises ValueError for other text."""
    found: list[Multipath] = []
    known = False
    for line in lines_of(raw):
        known |= "===== paths list =====" in line or "multipath" in line.lower()
        path = PATH.match(line)
        if path and _brackets(path["rest"]):
            one = found.pop() if found else Multipath(name="")
            this = PathOf(path["disk"], path["hcil"], _brackets(path["rest"]))
            found.append(msgspec.structs.replace(one, paths=(*one.paths, this)))
        elif (head := NAME.match(line)) and not GROUP.search(line) and "|" not in head["name"]:
            found.append(
                Multipath(
                    name=head["name"],
                    wwid=(head["wwid"] or "").strip(),
                    dm=head["dm"],
                    vendor=head["vendor"].strip()[:64],
                )
            )
    if not found and not known and raw.strip():
        raise ValueError("no multipath device")
    return found


def _brackets(text: str) -> tuple[str, ...]:
    """``active ready running`` today, ``[active][ready]`` in old versions; the list of all paths has neither
    alone at its end.
    """
    if "[" in text:
        return tuple(re.findall(r"\[([\w/ ]{1,20})\]", text)[:3])
    words = text.lower().replace("i/o pending", "pending").split()
    return tuple(words) if 2 <= len(words) <= 3 and words[0] in ("active", "failed", "undef") else ()


def judge(found: list[Multipath], host: Host) -> Iterator[Judgement]:
    seen: set[str] = set()
    for one in found:
        lost = not one.paths and one.vendor == PATHLESS
        if not (one.paths or lost) or one.dm in seen:
            continue
        seen.add(one.dm)
        failed = [path for path in one.paths if path.failed]
        # Which other paths there are is unknown of those that were picked out of their maps.
        gone = lost or (len(failed) == len(one.paths) and bool(one.dm))
        reason = Reason.STOPPED if gone else Reason.DEGRADED if failed else Reason.OK
        facts: dict[str, Scalar] = {"name": one.name, "wwid": one.wwid, "paths": len(one.paths)}
        if failed:
            facts["failed"] = " ".join(f"{path.disk} ({path.hcil})" for path in failed)
        yield judged(SIGNAL, entity.disk(host.name, one.dm or "unknown"), reason, len(failed), **facts)


def facts(found: list[Multipath]) -> dict[str, JSON]:
    return {
        "devices": {one.name: [[path.disk, *path.states] for path in one.paths] for one in found},
        "failed_paths": [path.disk for one in found for path in one.paths if path.failed],
    }


SOURCE = Source(kinds=("multipath", "multipath_ll"), parse=parse, judge=judge, facts=facts)
