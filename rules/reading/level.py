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
    r"(?:^|[\s\[(|<:*\"'.])([A-Z]{3,9})(?=\d?[\s\])|>:,*\"'-]|$)"  # ERROR [main], [ERROR], |ERROR|
    r"|(?:\b(?:level|levelname|log_?level|lvl|severity|priority)\"?'?\s?[=:]\s?[\"']?"  # lvl=error
    r"|(?:^|(?<=[\w\])]: )|(?<=[\d\]]\] )|(?<=\) )\t?)(?=[A-Za-z]{3,9}\d?: )"  # squeue: error: …
    r"|(?<=\d: )(?=[a-z]{4,7} : )"  # 812: info : virFile:7 :
    r"|,\s+(?=[A-Z][a-z]+\s{2})"  # 2026-01-02 03:04:05, Info      CBS
    r"|[\[<](?:\w+:)?|\bkern +:|\bkern\.|" + _FACILITY + r"(?!err))"  # [core:error], kern :err, daemon.alert
    r"([A-Za-z]{3,9})(?=\d?[\s\]>:\",'}]|$)"
    r"|(?:^|[\s:\[\"])([DIWEF])(?=\d{4} \d\d:\d\d|! |\] |\",\s*\")"  # E0102 03:04:05, E!, [E]
    r"|(?<=\d )([VDIWEF])(?= [A-Za-z_][\w.-]*\s*: )"  # 1702  1820 E ActivityManager:
    r"|(?<=\] )([DIWE])(?= \[)"  # ] E [
    r"|(?:^|\s)([VDIWEF])(?=/[\w.-]+ *(?:\( *\d+\))?: )"  # I/ActivityManager( 812):
    r"|\[([DIWEC])(?= (?:\d{6}|\d{4}-\d\d-\d\d) )"  # [I 260102 03:04:05 web:12]
    r"|\((II|WW|EE)\)(?= )"  # Xorg
    r"|(?:^|\s|\btype=\")(Normal|Warning)(?=\s{2,}[A-Z]\w+\s|\")"  # events of Kubernetes
    r"|^npm (info|verb|sill|http|notice|WARN)(?= )"
    r"|\b[MSCX] \d\d [A-Z][a-z]{2} (?:\d{4} )?[\d:.]{8,12} ([*.#-])(?= )"  # Redis
    r"|(?:\d\d:\d\d:\d\d[.,\d]*Z?|\] [\w.-]+ [a-z]+) (trace|debug|info|notice|warning|error)(?=\s{2}|\s*\[)"
    r"|" + _FACILITY + r"(?P<lent>err)(?=[\s:]|$)"
)

MARKED = r'[:=(]\s?-[1-9]\d{0,2}\b|\b[EF]\d{4} \d\d:\d\d:|[\s\]]E! |\[E\]|\] E \[|"s":"[EF]"'
"""Marks of levels that are complaints by themselves and hold no word."""


_NUMBERED = re.compile(
    r"^<(\d{1,3})>|^([0-7]),\d+,\d+,|\"level\":\s?([1-6])0\b|%{1,2}[A-Z][A-Z0-9_]*[-/]([0-7])[-/](?=[A-Z])"
)
"""Levels as numbers: of a log over the network, of the kernel, of some that write JSON, of switches."""
_OF_SYSLOG = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
_OF_JSON = ("", "trace", "debug", "info", "warning", "error", "fatal")


class Rank(msgspec.Struct, frozen=True, gc=False):
    """How much of a complaint a level is, and where it stands."""

    weight: int = 0
    first: int = 0
    stop: int = 0
    lent: bool = False
    """By whoever keeps the log, as to all of the standard error of a program: alone it tells nothing."""
    numbered: bool = False
    """Another number in its place would be another level."""


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
        return self._numbered(text) or lent

    def _numbered(self, text: str) -> Rank | None:
        found = _NUMBERED.search(text[:REACH])
        if not found:
            return None
        network, kernel, json, switch = found.groups()
        name = _OF_JSON[int(json)] if json else _OF_SYSLOG[int(network or kernel or switch) & 7]
        return Rank(self._weights[name], *found.span(), lent=not json, numbered=True)
