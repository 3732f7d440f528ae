"""Where a line names the disk, the interface or the unit that it is about: by the form of such names."""

from __future__ import annotations

import re

from rules.matching.engines import Span
from rules.matching.entities import groups_of

_DISK = rb"(?:[hsv]d[a-z]{1,2}\d*|xvd[a-z]\d*|nvme\d+n\d+(?:p\d+)?|mmcblk\d+(?:p\d+)?)"
FIELDS = {
    "disk": re.compile(rb"\b" + _DISK + rb"\b"),
    "device": re.compile(rb"\b(?:" + _DISK + rb"|dm-\d+|md\d+)\b"),
    "nic": re.compile(rb"\b(?:eth|en[ops]|em|wl[anp]|ib|bond|team|ww|usb)\w*\d\w*\b"),
    "array": re.compile(rb"\bmd\d+\b"),
    "unit": re.compile(rb"\b[\w@.-]+\.service\b"),
}


def fields_in(template: str) -> tuple[str, ...]:
    """Those that an entity needs."""
    return groups_of(template, FIELDS)


def find_fields(template: str, line: bytes) -> list[Span]:
    """-1 for what the line does not name."""
    found = [FIELDS[name].search(line) for name in fields_in(template)]
    return [one.span() if one else (-1, -1) for one in found]
