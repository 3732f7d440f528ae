"""Reads the words that a tool says instead of its listing: it is missing, not permitted, or asked wrongly."""

from __future__ import annotations

import re
from collections.abc import Iterable

from collectors.host import JSON, Host
from collectors.parsing import lines_of
from collectors.source import Source
from wire.judgement import Judgement

COMPLAINT = re.compile(
    r"(?i)command not found|no such (file|device|command)|not (permitted|found|supported|running|installed)|"
    r"permission denied|access denied|^\s*usage:|\b(error|fatal|failed|failure|unable|cannot|can't|invalid|"
    r"unknown option|unrecognized|timed out|refused|not a )\b|must be (root|run as)|no output|--help"
)
MOST_LINES = 60
"""More is a listing that holds such a word."""


def parse(raw: bytes) -> str:
    """The line that says why. Raises ValueError for a text without such words."""
    lines = [line.strip() for line in lines_of(raw) if line.strip()]
    found = next((line for line in lines if COMPLAINT.search(line)), None)
    if found is None or len(lines) > MOST_LINES:
        raise ValueError("neither a listing nor words about why there is none")
    return found[:512]


def judge(complaint: str, host: Host) -> Iterable[Judgement]:
    """That a tool could not tell says nothing of what it should have told of."""
    del complaint, host
    return ()


def facts(complaint: str) -> dict[str, JSON]:
    return {"complaint": complaint}


KINDS = ("bonding", "df", "dmidecode", "lspci", "meminfo", "mount", "pcs", "ps", "slab", "sysctl", "team")
SYSTEMD = ("unitfiles", "systemctl", "systemctl_list_units", "systemctl_list_unit_files", "systemctl_show")
SOURCE = Source(kinds=(*KINDS, *SYSTEMD, "teamdctl", "last", "vlan"), parse=parse, judge=judge, facts=facts)
"""Asked last, by the name of its module."""
