"""Are the iSCSI sessions logged in? Value: 1 for one that is not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from collectors.host import JSON, Host
from collectors.judging import judged
from collectors.parsing import lines_of
from collectors.source import Source, TreeSource
from collectors.sysfs import Files, names
from collectors.unit import Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason

SIGNAL = "disk.session"
SESSIONS = "/sys/class/iscsi_session"
COLLECTOR = Collector(
    signals=(SIGNAL,), layer=Layer.HARDWARE, interval=15.0, where=("/sys/class/iscsi_session/session*",)
)
SHORT = re.compile(
    r"^(?P<transport>\w+): \[(?P<sid>\d+)\] (?P<portal>\S+) (?P<target>\S+)(?: \((?P<note>[^)]*)\))?"
)
LONG = re.compile(
    r"^\s*(?P<name>Target|Current Portal|iSCSI Session State|iSCSI Connection State|SID): (?P<value>.*)$"
)
IN = frozenset(["", "LOGGED_IN", "LOGGED IN"])
STARTING = "FREE"


class Session(msgspec.Struct, frozen=True, kw_only=True):
    target: str
    portal: str = ""
    state: str = ""
    """``LOGGED_IN``, ``FAILED`` or ``FREE``; empty where the tool only lists."""


def read(host: Host) -> Iterable[Judgement]:
    found = gather(host)
    if found:
        yield from judge(found, host)


def gather(host: Host) -> list[Session] | None:
    """The kernel's own states: FAILED while it tries to get back to its target."""
    files = Files(host)
    found = [
        Session(
            target=files.text(f"{SESSIONS}/{name}/targetname"), state=files.text(f"{SESSIONS}/{name}/state")
        )
        for name in names(host, SESSIONS, r"session\d+")
    ]
    return found or None


def parse(raw: bytes) -> list[Session]:
    """``iscsiadm -m session``, with -P 1…3 or not. Raises ValueError for other text."""
    found: list[dict[str, str]] = []
    known = False
    for line in lines_of(raw):
        known |= "iscsiadm: No active sessions" in line
        if short := SHORT.match(line):
            found.append({"target": short["target"], "portal": short["portal"]})
        elif long := LONG.match(line):
            again = long["name"] == "Current Portal" and (not found or "SID" in found[-1])
            if long["name"] == "Target":
                found.append({"target": long["value"].split(" ")[0]})
            elif again:  # the next session of the target, which may be cut off
                target = found[-1]["target"] if found else "unknown"
                found.append({"target": target, "Current Portal": long["value"].strip()})
            elif found:
                found[-1].setdefault(long["name"], long["value"].strip())
    if not found and not known:
        raise ValueError("no session of iscsiadm")
    return [
        Session(
            target=one["target"],
            portal=one.get("portal", one.get("Current Portal", "")),
            state=_state(one),
        )
        for one in found
    ]


def _state(told: dict[str, str]) -> str:
    """A session that is free has never been in, or has lost its connection."""
    session, connection = told.get("iSCSI Session State", ""), told.get("iSCSI Connection State", "")
    return connection if session in ("", STARTING) and connection else session


def judge(found: list[Session], host: Host) -> Iterator[Judgement]:
    """One judgement per target: any session that is out tells."""
    targets: dict[str, list[Session]] = {}
    for one in found:
        targets.setdefault(one.target, []).append(one)
    for target, sessions in targets.items():
        out = [one for one in sessions if one.state not in IN and one.state != STARTING]
        subject = entity.disk(host.name, target or "iscsi")
        state = out[0].state if out else sessions[0].state
        yield judged(
            SIGNAL,
            subject,
            Reason.STOPPED if out else Reason.OK,
            len(out),
            portal=sessions[0].portal,
            state=state,
        )


def facts(found: list[Session]) -> dict[str, JSON]:
    return {"sessions": [msgspec.to_builtins(one) for one in found]}


SOURCES = (
    Source(kinds=("iscsi", "iscsiadm"), parse=parse, judge=judge, facts=facts),
    TreeSource(kinds=("iscsi",), gather=gather, judge=judge, facts=facts),
)
