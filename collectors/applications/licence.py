"""How long do the licences last that were declared? Value: days that are left."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime

import msgspec

from collectors.clients.declared import Licence, declared
from collectors.host import Host
from collectors.judging import judged
from collectors.unit import SECOND, Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason, Verdict, unknown

LICENCE = "app.licence"
COLLECTOR = Collector(
    signals=(LICENCE,),
    layer=Layer.APPLICATION,
    interval=60 * SECOND,
    where=("option:applications.licence",),
)
DAY = 86_400.0
LONGEST = 65_536
WORD = re.compile(
    r"(?i)\b(?:expir\w*|valid[ _-]?(?:until|to|through)|not[ _-]?after|ends?|end[ _-]?date|until)\b"
)
ISO = re.compile(r"\b(\d{4})[-/.]?(\d{2})[-/.]?(\d{2})\b")
NAMED = re.compile(r"(?i)\b(\d{1,2})[ -](jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\w*[ -](\d{4})\b")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def read(host: Host) -> Iterable[Judgement]:
    for one in declared(host).licence:
        yield from _judge(host, one)


def _judge(host: Host, one: Licence) -> Iterator[Judgement]:
    subject = entity.service(host.name, one.service)
    try:
        ends = date.fromisoformat(one.ends) if one.ends else end_in(host.read(one.path, LONGEST))
    except OSError as error:
        yield unknown(LICENCE, subject, Reason.UNREADABLE, error=f"{one.path}: {error.strerror}")
        return
    except ValueError as error:
        yield unknown(LICENCE, subject, Reason.UNREADABLE, error=str(error))
        return
    if ends is None:
        yield unknown(LICENCE, subject, Reason.UNREADABLE, error=f"{one.path} names no end that can be read")
        return
    left = (datetime(ends.year, ends.month, ends.day, tzinfo=UTC).timestamp() + DAY - host.clock()) / DAY
    if left > one.warn_days:
        yield judged(LICENCE, subject, Reason.OK, round(left, 1), ends=str(ends))
    elif left > 0:
        soon = judged(LICENCE, subject, Reason.EXPIRING, round(left, 1), ends=str(ends))
        yield msgspec.structs.replace(soon, verdict=Verdict.WARN)
    else:
        yield judged(LICENCE, subject, Reason.OVERDUE, round(left, 1), ends=str(ends))


def end_in(text: str) -> date | None:
    """The earliest date on a line that speaks of an end. Raises ValueError for a date that is none."""
    found = [when for line in text.splitlines() if WORD.search(line) for when in dates(line)]
    return min(found, default=None)


def dates(line: str) -> Iterator[date]:
    for year, month, day in ISO.findall(line):
        yield date(int(year), int(month), int(day))
    for day, month, year in NAMED.findall(line):
        yield date(int(year), MONTHS.index(month.lower()) + 1, int(day))
