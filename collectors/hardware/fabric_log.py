"""Reads the log of the NVIDIA fabric manager: what it says of NVSwitches and NVLinks."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from collectors.hardware.gpu_facts import LINK
from collectors.host import JSON, Host
from collectors.judging import judged
from collectors.parsing import lines_of
from collectors.source import Source
from wire import entity
from wire.judgement import Judgement, Reason

LINE = re.compile(r"^\[(?P<when>[^\]]{6,40})\] \[(?P<level>[A-Z]{4,8})\] (?:\[tid \d+\] )?(?P<text>.*)$")
FATAL = re.compile(r"(?<!non-)(?<!non)fatal", re.IGNORECASE)
GRAVE = frozenset(["ERROR", "CRITICAL", "FATAL"])


class FabricLog(msgspec.Struct, frozen=True):
    levels: dict[str, int]
    errors: list[str]


def parse(raw: bytes) -> FabricLog:
    """Raises ValueError for other text."""
    levels: dict[str, int] = {}
    errors: list[str] = []
    for line in lines_of(raw):
        found = LINE.match(line)
        if found is not None:
            levels[found["level"]] = levels.get(found["level"], 0) + 1
            if found["level"] in GRAVE and len(errors) < 256:
                errors.append(found["text"][:256])
    if not levels:
        raise ValueError("no line of a fabric manager's log")
    return FabricLog(levels, errors)


def judge(found: FabricLog, host: Host) -> Iterator[Judgement]:
    if found.errors:
        fatal = [text for text in found.errors if FATAL.search(text)]
        words = "; ".join((fatal or found.errors)[:4])[:1024]
        yield judged(LINK, entity.gpu(host.name, "nvswitch"), Reason.ERRORS, len(found.errors), found=words)


def facts(found: FabricLog) -> dict[str, JSON]:
    return {"levels": found.levels, "errors": found.errors}


SOURCE = Source(kinds=("fabric_manager", "fabricmanager_log"), parse=parse, judge=judge, facts=facts)
