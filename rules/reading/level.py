"""How a program ranks its own line, in the many ways in which programs write that."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rules.reading.lexicon import Level

REACH = 240
"""Characters from the beginning in which a level may stand."""

_LEVEL = re.compile(
    r"(?:^|[\s\[(|<:*\"'])([A-Z]{3,9})(?=[\s\])|>:,*\"'-]|$)"  # ERROR [main], [ERROR], |ERROR|
    r"|(?:\b(?:level|levelname|log_?level|lvl|severity|priority)\"?'?\s?[=:]\s?[\"']?"  # lvl=error
    r"|(?:^|(?<=[\w\])]: ))(?=[A-Za-z]{3,9}: )"  # squeue: error: …
    r"|,\s+(?=[A-Z][a-z]+\s{2})"  # 2026-01-02 03:04:05, Info      CBS
    r"|[\[<](?:\w+:)?|\bkern +:|\b(?:kern|user|daemon|auth|local\d)\.)"  # [core:error], kern :err
    r"([A-Za-z]{3,9})(?=[\s\]>:\",'}]|$)"
    r"|(?:^|[\s:\[\"])([DIWEF])(?=\d{4} \d\d:\d\d|! |\] |\",\")"  # E0102 03:04:05, E!, [E]
)

MARKED = r'[:=(]\s?-[1-9]\d{0,2}\b|\b[EF]\d{4} \d\d:\d\d:|[\s\]]E! |\[E\]|\] E \[|"s":"[EF]"'
"""Marks of levels that are complaints by themselves and hold no word."""


class Levels:
    """Weights of the levels by all their names."""

    def __init__(self, levels: Sequence[Level]) -> None:
        self._weights = {name: level.weight for level in levels for name in level.names}

    def weight(self, text: str) -> int | None:
        """Of the first level that stands near the beginning."""
        for groups in _LEVEL.findall(text[:REACH]):
            weight = self._weights.get("".join(groups).lower())
            if weight is not None:
                return weight
        return None
