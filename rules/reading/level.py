"""How a program ranks its own line, in the many ways in which programs write that."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from rules.reading.lexicon import Level

REACH = 240
"""Characters from the beginning in which a level may stand."""

_FACILITY = r"\b(?:user|daemon|auth|authpriv|cron|mail|local\d)\."
_LEVEL = re.compile(
    r"(?:^|[\s\[(|<:*\"'.])([A-Z]{3,9})(?=[\s\])|>:,*\"'-]|$)"  # ERROR [main], [ERROR], |ERROR|
    r"|(?:\b(?:level|levelname|log_?level|lvl|severity|priority)\"?'?\s?[=:]\s?[\"']?"  # lvl=error
    r"|(?:^|(?<=[\w\])]: )|(?<=[\d\]]\] ))(?=[A-Za-z]{3,9}: )"  # squeue: error: …
    r"|,\s+(?=[A-Z][a-z]+\s{2})"  # 2026-01-02 03:04:05, Info      CBS
    r"|[\[<](?:\w+:)?|\bkern +:|\bkern\.|" + _FACILITY + r"(?!err))"  # [core:error], kern :err, daemon.alert
    r"([A-Za-z]{3,9})(?=[\s\]>:\",'}]|$)"
    r"|(?:^|[\s:\[\"])([DIWEF])(?=\d{4} \d\d:\d\d|! |\] |\",\")"  # E0102 03:04:05, E!, [E]
    r"|(?<=\d )([VDIWEF])(?= [A-Za-z_][\w.-]*\s*: )"  # 1702  1820 E ActivityManager:
    r"|(?<=\] )([DIWE])(?= \[)"  # ] E [
    r"|" + _FACILITY + r"(?P<lent>err)(?=[\s:]|$)"
)

MARKED = r'[:=(]\s?-[1-9]\d{0,2}\b|\b[EF]\d{4} \d\d:\d\d:|[\s\]]E! |\[E\]|\] E \[|"s":"[EF]"'
"""Marks of levels that are complaints by themselves and hold no word."""


class Rank(msgspec.Struct, frozen=True, gc=False):
    """How much of a complaint a level is, and where it stands."""

    weight: int = 0
    first: int = 0
    stop: int = 0
    lent: bool = False
    """By whoever keeps the log, as to all of the standard error of a program: alone it tells nothing."""


class Levels:
    """Weights of the levels by all their names."""

    def __init__(self, levels: Sequence[Level]) -> None:
        self._weights = {name: level.weight for level in levels for name in level.names}

    def find(self, text: str) -> Rank:
        """The first level that stands near the beginning, the program's own before one that is lent."""
        lent = Rank()
        for found in _LEVEL.finditer(text[:REACH]):
            place = found.lastindex or 0
            weight = self._weights.get(found[place].lower())
            if weight is None:
                continue
            if found.lastgroup != "lent":
                return Rank(weight, *found.span(place))
            if not lent.lent:
                lent = Rank(weight, *found.span(place), lent=True)
        return lent
