"""Reads what systemctl lists of units, loaded or as files, and finds those that failed."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from collectors.host import JSON, Host
from collectors.identity import clean
from collectors.judging import judged
from collectors.parsing import lines_of
from collectors.source import Source
from wire import entity
from wire.judgement import Judgement, Reason

KINDS = "service|socket|device|mount|automount|swap|target|path|timer|slice|scope|snapshot|busname"
MARK = r"(?:[●○×↻*x]\s+|\s)*"
"""``x`` stands for ``×`` where the terminal knows no UTF-8."""
LOADED = re.compile(
    rf"^{MARK}(\S+\.(?:{KINDS}))\s+"
    r"(loaded|not-found|error|masked|bad-setting|merged|stub)\s+"
    r"(active|inactive|failed|activating|deactivating|reloading|maintenance)\s+(\S+)"
)
FILE = re.compile(
    rf"^\s*(\S+\.(?:{KINDS}))\s+(enabled|disabled|static|masked|indirect|generated|linked|alias|transient|bad|invalid)"
    r"(-runtime)?\b"
)
STATUS = re.compile(rf"^{MARK}(\S+\.(?:{KINDS}))(?: - .*)?$")
ACTIVE = re.compile(r"^\s+Active: ([\w-]+)(?: \(([\w-]+)[^)]*\))?")
"""The two lines that ``systemctl status`` begins with for each unit."""
HEADERS = ("UNIT FILE", "UNIT ", "LOAD ", "unit files listed", "loaded units listed", "unit file listed")


class Units(msgspec.Struct, frozen=True):
    loaded: dict[str, tuple[str, str, str]]
    """Unit → load, active, sub."""
    files: dict[str, str]

    @property
    def failed(self) -> list[str]:
        return [name for name, (_, active, _) in self.loaded.items() if active == "failed"]


def parse(raw: bytes) -> Units:
    """Raises ValueError for a text without a unit and without systemctl's header."""
    loaded: dict[str, tuple[str, str, str]] = {}
    files: dict[str, str] = {}
    headed, shown = False, ""
    for line in lines_of(raw):
        headed |= any(header in line for header in HEADERS)
        if (match := LOADED.match(line)) is not None:
            loaded[match[1]] = (match[2], match[3], match[4])
        elif (match := FILE.match(line)) is not None:
            files[match[1]] = match[2] + (match[3] or "")
        elif (match := STATUS.match(line)) is not None:
            shown = match[1]
        elif shown and (match := ACTIVE.match(line)) is not None:
            loaded[shown] = ("loaded", match[1], match[2] or match[1])
            shown = ""
    if not (loaded or files or headed):
        raise ValueError("no unit, as systemctl lists them")
    return Units(loaded, files)


def judge(units: Units, host: Host) -> Iterable[Judgement]:
    return (failed(name, host) for name in units.failed)


def failed(name: str, host: Host) -> Judgement:
    """Of a unit that systemd calls failed."""
    stem, _, kind = name.rpartition(".")
    if kind in {"mount", "automount"}:
        point = "/" + stem.replace("-", "/").replace("\\x2d", "-").lstrip("/")
        return judged("fs.mount", entity.mount(host.name, point), Reason.MISSING, None, unit=name)
    subject = entity.service(host.name, clean(stem))
    return judged("svc.process", subject, Reason.STOPPED, None, unit=name, state="failed")


def facts(units: Units) -> dict[str, JSON]:
    return {
        "failed_units": units.failed,
        "units": {name: "/".join(states) for name, states in units.loaded.items()},
        "unit_files": units.files,
    }


SOURCE = Source(
    kinds=("unitfiles", "systemctl", "systemctl_list_units", "systemctl_list_unit_files"),
    parse=parse,
    judge=judge,
    facts=facts,
    nothing=Units({}, {}),
)
