"""Reads recorded logs (dmesg, a journal, a file of syslog) with the signatures of the live ones."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from collectors.host import JSON, Host
from collectors.logs.log_reading import Reader
from collectors.source import Source
from wire.judgement import Judgement

MOST = 64 * 1024 * 1024
BLOCK = 1024 * 1024
OF_THE_TOOL = re.compile(rb"(?m)\A\s*(?:\S*/)?(?:dmesg|journalctl|cat|tail|bash|sh|sudo): [^\n]*\s*\Z")
"""Nothing but the reader's own complaint: it says nothing of what the log holds."""


class Log(msgspec.Struct, frozen=True):
    raw: bytes


def parse(raw: bytes) -> Log:
    """Raises ValueError for an empty text, and for one that only says why there is no log."""
    if not raw.strip() or OF_THE_TOOL.match(raw[:4096]):
        raise ValueError("no line of a log")
    return Log(raw[:MOST] + b"\n")


def judge(log: Log, host: Host) -> Iterable[Judgement]:
    reader = Reader(host, "recorded")
    at = 0
    while at < len(log.raw):
        end = log.raw.rfind(b"\n", at, at + BLOCK) + 1 or at + BLOCK
        yield from reader.read(log.raw[at:end])
        at = end
    yield from reader.due(ended=True)


def facts(log: Log) -> dict[str, JSON]:
    return {"lines": log.raw.count(b"\n") - 1}


KINDS = ("dmesg", "journal", "journalctl", "syslog", "messages", "kern_log", "log")
SOURCE = Source(kinds=KINDS, parse=parse, judge=judge, facts=facts)
