"""Reads ``mdadm --detail`` and ``mdadm --examine``: the state of an array and of each of its places."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from collectors.host import JSON, Host
from collectors.judging import judged
from collectors.parsing import lines_of, whole
from collectors.source import Source
from collectors.storage.mdstat import ARRAY, DISK
from rules.matching.entities import whole_disk
from wire import entity
from wire.judgement import Judgement, Reason, Scalar

HEAD = re.compile(r"^(?P<device>/dev/[\w/.-]{1,64}):$")
LINE = re.compile(r"^\s*(?P<name>[A-Z][\w -]{1,40}?) : (?P<value>.*)$")
PLACE = re.compile(
    r"^\s+(?:\d+|-)\s+\d+\s+\d+\s+(?:\d+|-)\s+(?P<state>[a-z].*?)(?:\s{2,}(?P<disk>/dev/\S+))?\s*$"
)
STOPPED = ("inactive", "failed", "broken")
MAP = re.compile(r"^([A.R]+)(?:\s|$)")
"""``A.A``: which members a member's label knows of."""


class Detail(msgspec.Struct, frozen=True):
    device: str
    values: dict[str, str]
    places: dict[str, str]

    @property
    def states(self) -> list[str]:
        return [part.strip().lower() for part in self.values.get("State", "").split(",") if part.strip()]


def parse(raw: bytes) -> list[Detail]:
    """Raises ValueError for other text."""
    found: list[Detail] = []
    for line in lines_of(raw):
        if head := HEAD.match(line):
            found.append(Detail(head["device"], {}, {}))
        elif found and (match := LINE.match(line)):
            found[-1].values.setdefault(match["name"].strip(), match["value"].strip()[:256])
        elif found and (place := PLACE.match(line)):
            found[-1].places[place["disk"] or f"place {len(found[-1].places)}"] = place["state"].strip()[:64]
    if not any(one.values or one.places for one in found):
        raise ValueError("no array with its state")
    return found


def judge(found: list[Detail], host: Host) -> Iterator[Judgement]:
    """A failed disk is told with its array while that lacks it, and by itself once a spare stands in."""
    for one in found:
        missing = _missing(one)
        if missing is None:
            continue
        reason = Reason.OK
        if any(state in STOPPED for state in one.states):
            reason = Reason.STOPPED
        elif "degraded" in one.states or missing:
            reason = Reason.DEGRADED
        words: dict[str, Scalar] = {"state": ", ".join(one.states), "level": one.values.get("Raid Level", "")}
        bad = _bad(one)
        if bad:
            words["failed"] = " ".join(bad)[:512]
        name = _name(one)
        yield judged(ARRAY, entity.array(host.name, name), reason, missing, **words)
        for disk in bad if reason is Reason.OK else ():
            if disk.startswith("/dev/"):
                yield judged(DISK, entity.disk(host.name, whole_disk(disk)), Reason.ERRORS, 1, array=name)


def _bad(one: Detail) -> list[str]:
    return [disk for disk, state in one.places.items() if "faulty" in state or state == "removed"]


def _name(one: Detail) -> str:
    """A member's label knows its array as ``host:0  (local to host …)``."""
    if "Magic" in one.values and one.values.get("Name"):
        told = one.values["Name"].split()[0].rpartition(":")[2]
        return f"md{told}" if told.isdigit() else told
    return one.device.removeprefix("/dev/").removeprefix("md/")


def _missing(one: Detail) -> int | None:
    """Members that the array lacks. Of a member's own label, which may be old, only the map of the others
    counts, and it is told of that member. Where only the table of places is told, those that are
    not well. None where nothing is said of an array.
    """
    wanted = whole(one.values.get("Raid Devices", ""))
    active = whole(one.values.get("Active Devices", ""))
    if wanted is not None and active is not None and "Magic" not in one.values:
        return max(0, wanted - active)
    if one.places and not one.values:
        return len(_bad(one))
    seen = MAP.match(one.values.get("Array State", ""))
    return seen[1].count(".") if seen is not None else None


def facts(found: list[Detail]) -> dict[str, JSON]:
    return {
        "arrays": {one.device: one.values.get("State", "") for one in found},
        "detail": [{"device": one.device, "places": one.places, **one.values} for one in found],
    }


SOURCE = Source(kinds=("mdadm", "mdadm_detail", "mdadm_examine"), parse=parse, judge=judge, facts=facts)
