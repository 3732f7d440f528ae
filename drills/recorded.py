"""What a drill leaves for later: what the agents said, and beside it what that must lead to."""

from __future__ import annotations

import gzip
import time
from pathlib import Path

import msgspec

from drills.case import Case
from drills.drill import Answer, Expected
from drills.lab import PROJECT
from drills.outcome import Outcome
from drills.timeline import Timeline

ELSEWHERE = b"/opt/rootward"
BEFORE = 1.0
"""Seconds before the first step at which a recording begins."""
AFTER = 6.0
"""Seconds that it goes on after the end: run again, a proof of repair may come a little later."""


class Must(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the recording of a run must lead to when it is run again."""

    title: str
    expected: tuple[Expected, ...]
    """None where no ticket may be opened."""
    also: tuple[Answer, ...] = ()
    repaired: bool
    """The recording goes on until the tickets were resolved."""
    was: str = ""
    """What the product said when the recording was made."""
    why: str = ""
    """Why that was wrong."""


def record(case: Case, steps: Timeline, outcome: Outcome, folder: Path) -> None:
    """Raises LabError when the product does not make a recording."""
    time.sleep(AFTER)
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{outcome.drill}-{outcome.run}"
    file = folder / f"{name}.jsonl.gz"
    case.product.record(file, steps.began - BEFORE)
    file.write_bytes(anonymous(file.read_bytes()))
    must = Must(
        title=case.drill.title,
        expected=case.expected,
        also=case.also,
        repaired=case.resolved is not None,
        was=outcome.answer,
        why=outcome.why,
    )
    place = folder / f"{name}.must.json"
    place.write_bytes(msgspec.json.format(msgspec.json.encode(must), indent=1) + b"\n")


def anonymous(recording: bytes) -> bytes:
    """Hosts of the lab have the checkout mounted where it lies here, which is nobody's business."""
    told = gzip.decompress(recording).replace(str(PROJECT.resolve()).encode(), ELSEWHERE)
    return gzip.compress(told, mtime=0)


def read_must(path: Path) -> Must:
    return msgspec.json.decode(path.read_bytes(), type=Must)
