"""Reads what the hddtemp daemon says on its port: ``|/dev/sda|MODEL|49|C|`` for each disk."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from collectors.host import JSON, Host
from collectors.parsing import real, text_of
from collectors.source import Source
from collectors.storage.smart_facts import Smart
from collectors.storage.smart_judge import TEMPERATURE, judge
from wire.judgement import Judgement

ROW = re.compile(
    r"\|(?P<disk>/dev/[\w/.-]{1,64})\|(?P<model>[^|]{0,128})\|(?P<degrees>[^|]{1,16})\|(?P<unit>[CF*])\|"
)


class Reading(msgspec.Struct, frozen=True):
    disk: str
    model: str
    celsius: float | None
    """None for a disk that sleeps (SLP), cannot tell (NA) or failed to (ERR, UNK)."""
    said: str


def parse(raw: bytes) -> list[Reading]:
    """Raises ValueError for other text."""
    found = [
        Reading(one["disk"], one["model"], _celsius(one["degrees"], one["unit"]), one["degrees"])
        for one in ROW.finditer(text_of(raw)[:65_536])
    ]
    if not found and raw.strip(b"|\n "):
        raise ValueError("no |disk|model|degrees|unit|")
    return found


def _celsius(degrees: str, unit: str) -> float | None:
    if not re.fullmatch(r"-?\d{1,3}", degrees):
        return None
    value = real(degrees) or 0.0
    return round((value - 32) / 1.8, 1) if unit == "F" else value


def judged(found: list[Reading], host: Host) -> Iterator[Judgement]:
    """As the same disk would be by its own SMART data; only the temperature is known."""
    for one in found:
        if one.celsius is not None:
            smart = Smart(device=one.disk, model=one.model, temperature=one.celsius)
            yield from (each for each in judge(smart, host) if each.signal == TEMPERATURE)


def facts(found: list[Reading]) -> dict[str, JSON]:
    return {"temp": {one.disk: one.celsius if one.celsius is not None else one.said for one in found}}


SOURCE = Source(kinds=("hddtemp",), parse=parse, judge=judged, facts=facts)
