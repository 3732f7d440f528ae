"""Reads what ps prints (aux, -ef, alx, -eo …) and finds zombies and processes that hang in the kernel."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

import msgspec

from collectors.host import JSON, Host
from collectors.judging import judged
from collectors.parsing import lines_of
from collectors.source import Source
from wire import entity
from wire.judgement import Judgement, Reason

LAST = frozenset(["COMMAND", "CMD", "ARGS"])
STATES = ("STAT", "S", "STATE")
NAME = re.compile(r"^\[?([^\s/\]][^\s/\]]{0,63}|(?:/[^\s/]{1,64})*/([^\s/]{1,64}))")
HEADLESS = (
    (
        re.compile(r"^\S+\s+\d+\s+[\d.]+\s+[\d.]+\s+\d+\s+\d+\s+\S+\s+[A-Z]\S*\s+\S+\s+[\d:.-]+\s+\S"),
        "USER PID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND",
    ),
    (
        re.compile(r"^\S+\s+\d+\s+\d+\s+\d+\s+\S+\s+\S+\s+(?:\d+-)?\d+:[\d:]+\s+\S"),
        "UID PID PPID C STIME TTY TIME CMD",
    ),
)
MANY_ZOMBIES = 20
MANY_HANGING = 3
"""In one listing a process that waits for its disk is seen so by chance; three at once are not."""


class Row(msgspec.Struct, frozen=True):
    pid: int
    parent: int
    state: str
    """First letter of STAT; empty where the listing has none."""
    cpu: float
    memory: float
    command: str

    @property
    def name(self) -> str:
        match = NAME.match(self.command)
        return (match[2] or match[1]).rstrip("]:") if match is not None else "process"

    @property
    def kernel(self) -> bool:
        return self.command.startswith("[") and not self.command.endswith("<defunct>")


def parse(raw: bytes) -> list[Row]:
    """Raises ValueError for a text without ps's header, unless its rows are those of ``aux`` or ``-ef``."""
    lines = lines_of(raw)
    headless = (names for pattern, names in HEADLESS if any(pattern.match(line) for line in lines))
    headed = any("PID" in line.split() and LAST & set(line.split()) for line in lines)
    head: list[str] = [] if headed else next(headless, "").split()
    rows: list[Row] = []
    for line in lines:
        words = line.split()
        if not head:
            if "PID" in words and LAST & set(words):
                head = words
        elif len(fields := line.split(None, len(head) - 1)) == len(head):
            row = _row(dict(zip(head, fields, strict=True)))
            if row is not None:
                rows.append(row)
    if not head:
        raise ValueError("no header of ps with PID and COMMAND")
    return rows


def _row(told: dict[str, str]) -> Row | None:
    if not told["PID"].isdigit() or len(told["PID"]) > 9:
        return None
    parent = told.get("PPID", "")
    state = next((told[name] for name in STATES if name in told), "")
    return Row(
        pid=int(told["PID"]),
        parent=int(parent) if parent.isdigit() and len(parent) < 10 else 0,
        state=state[:1],
        cpu=_share(told.get("%CPU", told.get("C", ""))),
        memory=_share(told.get("%MEM", "")),
        command=next(told[name] for name in LAST if name in told),
    )


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        return 0.0
    return share if 0 <= share < 1e6 else 0.0


def judge(rows: list[Row], host: Host) -> Iterable[Judgement]:
    if not any(row.state for row in rows):
        return
    zombies, by_pid = [row for row in rows if row.state == "Z"], {row.pid: row for row in rows}
    for parent, count in sorted(Counter(row.parent for row in zombies).items()):
        if count >= MANY_ZOMBIES:
            name = by_pid[parent].name if parent in by_pid else zombies[0].name
            yield judged("process.zombies", entity.process(host.name, name), Reason.HIGH, count, pid=parent)
    hanging = [row for row in rows if row.state == "D" and not row.kernel]
    if len(hanging) >= MANY_HANGING:
        for name, count in sorted(Counter(row.name for row in hanging).items()):
            yield judged("process.state", entity.process(host.name, name), Reason.HUNG, None, processes=count)


def facts(rows: list[Row]) -> dict[str, JSON]:
    states = Counter(row.state for row in rows if row.state)
    busiest = sorted(rows, key=lambda row: -row.cpu)[:5]
    return {
        "processes": len(rows),
        "states": dict(sorted(states.items())),
        "zombies": [row.pid for row in rows if row.state == "Z"],
        "uninterruptible": [row.pid for row in rows if row.state == "D"],
        "busiest": [{"pid": row.pid, "cpu": row.cpu, "command": row.command[:128]} for row in busiest],
    }


SOURCE = Source(kinds=("ps",), parse=parse, judge=judge, facts=facts)
