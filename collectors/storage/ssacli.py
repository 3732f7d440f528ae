"""Reads ssacli, hpssacli and hpacucli: ``ctrl all show config``, ``… detail`` and ``… status``."""

from __future__ import annotations

import re

from collectors.parsing import lines_of
from collectors.source import Source
from collectors.storage.raid_facts import BAD_CACHE, Controller, Drive, Raid, Volume, facts, judge

HEAD = re.compile(r"^(?P<model>\S.{2,80}?) in Slot (?P<slot>\S+)")
LINE = re.compile(r"^\s+(?P<name>[A-Z][^:]{1,48}?)\s*:\s+(?P<value>\S.*?)\s*$")
SHORT = re.compile(r"^\s*(?P<kind>physicaldrive|logicaldrive)\s+(?P<place>\S+)\s+\((?P<what>.*)\)\s*$")
BLOCK = re.compile(
    r"^\s+(?:(?P<ld>Logical Drive): (?P<number>\d+)|(?P<pd>physicaldrive) (?P<place>\S+)|"
    r"Array: ?\S+|[Aa]rray (?P<array>\S+)(?: \((?P<state>[^),]*).*\))?)\s*$"
)


def parse(raw: bytes) -> Raid:
    """Raises ValueError for what none of these tools prints."""
    controllers: list[dict[str, str]] = []
    volumes: dict[str, dict[str, str]] = {}
    drives: dict[str, dict[str, str]] = {}
    block: dict[str, str] = {}
    array = ""
    for line in lines_of(raw):
        name = f"slot{controllers[-1]['slot']}" if controllers else "slot0"
        if found := HEAD.match(line):
            controllers.append({"slot": found["slot"], "model": found["model"]})
            block = controllers[-1]
            array = ""
        elif found := SHORT.match(line):
            _short(found, name, volumes, drives, array)
        elif found := BLOCK.match(line):
            if found["array"]:
                array = found["state"] if (found["state"] or "").startswith("Failed") else ""
            block = _block(found, name, volumes, drives)
        elif found := LINE.match(line):
            block.setdefault(found["name"], found["value"])
    if not controllers and not (volumes or drives):
        raise ValueError("no controller in a slot, no drive")
    return Raid(
        controllers=tuple(_controller(one) for one in controllers),
        volumes=tuple(
            Volume(name=name, level=one.get("Fault Tolerance", one.get("level", "")), state=_state(one))
            for name, one in volumes.items()
        ),
        drives=tuple(
            Drive(place=place, state=_state(one), model=" ".join(one.get("Model", "").split()))
            for place, one in drives.items()
        ),
    )


def _state(block: dict[str, str]) -> str:
    return block.get("Status", block.get("state", ""))


def _short(
    found: re.Match[str],
    name: str,
    volumes: dict[str, dict[str, str]],
    drives: dict[str, dict[str, str]],
    array: str,
) -> None:
    """``physicaldrive 1I:1:1 (port 1I:box 1:bay 1, SATA HDD, 250 GB, OK)``; spares add a word. An array that
    failed takes its volumes with it, though old firmware goes on to call them OK.
    """
    parts = [part.strip() for part in found["what"].split(",")]
    if parts and parts[-1].lower().startswith(("spare", "active spare", "unassigned")):
        parts.pop()
    state = parts[-1] if parts else ""
    if "complete" in state and len(parts) > 1:  # "Recovering, 5% complete"
        state = parts[-2]
    if found["kind"] == "physicaldrive":
        drives.setdefault(f"{name}/{found['place']}", {})["state"] = state
    else:
        level = next((part for part in parts if part.startswith("RAID")), "")
        volumes.setdefault(f"{name}/ld{found['place']}", {}).update(state=array or state, level=level)


def _block(
    found: re.Match[str], name: str, volumes: dict[str, dict[str, str]], drives: dict[str, dict[str, str]]
) -> dict[str, str]:
    if found["ld"]:
        return volumes.setdefault(f"{name}/ld{found['number']}", {})
    if found["pd"]:
        return drives.setdefault(f"{name}/{found['place']}", {})
    return {}


def _controller(block: dict[str, str]) -> Controller:
    cache = block.get("Cache Status", "")
    details = block.get("Cache Status Details", "")
    doubts = (f"cache: {cache} {details}".strip(),) if cache.lower().startswith(BAD_CACHE) else ()
    return Controller(
        name=f"slot{block['slot']}",
        model=block["model"],
        state=block.get("Controller Status", ""),
        battery=block.get("Battery/Capacitor Status", ""),
        doubts=doubts,
    )


SOURCE = Source[Raid](
    kinds=("ssacli", "hpssa", "hpssacli", "hpacucli"), parse=parse, judge=judge, facts=facts
)
