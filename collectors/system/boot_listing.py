"""Reads what ``last -x`` prints of boots and shutdowns, and finds boots that no shutdown led to."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from collectors.host import JSON, Host
from collectors.judging import judged
from collectors.parsing import lines_of
from collectors.source import Source
from wire import entity
from wire.judgement import Judgement, Reason

ROW = re.compile(
    r"^(reboot|shutdown|runlevel)\s+(?:~\s+)?(system boot|system down|\(to lvl \d\))\s+(.*?)\s*$"
)
CRASHED = re.compile(r"\s-\s+crash\b")
END = re.compile(r"^(wtmp\S*|utmp\S*|\S*wtmpdb\S*) begins ")
DOWN = ("(to lvl 0)", "(to lvl 6)")


class Boot(msgspec.Struct):
    text: str
    clean: bool | None = None
    """Whether a shutdown led to it; None of the oldest, before which nothing is known."""


class Boots(msgspec.Struct, frozen=True):
    boots: list[Boot]
    """The latest first, as last prints them."""
    crashes: int
    """Sessions that only a crash ended."""


def parse(raw: bytes) -> Boots:
    """Raises ValueError for a text without a row of a boot and without last's closing line."""
    boots: list[Boot] = []
    crashes = 0
    at_once: list[Boot] = []
    recognised = downs = False
    for line in lines_of(raw):
        recognised |= bool(END.match(line))
        if CRASHED.search(line):
            crashes += 1
            if boots and boots[-1].clean is None:  # what this boot cut short
                boots[-1].clean = False
        match = ROW.match(line)
        if match is None:
            continue
        recognised = True
        downs |= match[1] != "reboot"
        if match[1] == "reboot":
            if boots and boots[-1].clean is None:
                at_once.append(boots[-1])  # the boot before it follows: nothing lies between
            boots.append(Boot(match[3]))
        elif boots and boots[-1].clean is None and (match[1] == "shutdown" or match[2] in DOWN):
            boots[-1].clean = True
    if not recognised:
        raise ValueError("no boot, shutdown or end of last's list")
    for boot in at_once if downs else ():  # without -x no shutdown is told at all
        boot.clean = False
    return Boots(boots, crashes)


def judge(told: Boots, host: Host) -> Iterable[Judgement]:
    if told.boots and told.boots[0].clean is not None:
        reason = Reason.OK if told.boots[0].clean else Reason.REBOOTED
        yield judged("host.boot", entity.host(host.name), reason, None, boot=told.boots[0].text[:128])


def facts(told: Boots) -> dict[str, JSON]:
    return {
        "boots": [one.text for one in told.boots],
        "unexpected": [one.text for one in told.boots if one.clean is False],
        "crashes": told.crashes,
    }


SOURCE = Source(kinds=("last", "last_x"), parse=parse, judge=judge, facts=facts)
