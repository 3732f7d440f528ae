"""Reads what teamd says of a team device: its ports, and whether their links are up (teamdctl state)."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from collectors.host import JSON, Host
from collectors.judging import judged
from collectors.network.nic_table import interfaces
from collectors.parsing import at, flush_lines, object_of, said
from collectors.source import Source
from wire import entity
from wire.judgement import Judgement, Reason

SIGNAL = "link.bond"


class Team(msgspec.Struct, frozen=True):
    runner: str
    active_port: str
    ports: dict[str, bool]
    """Link of each port."""
    not_aggregated: tuple[str, ...]
    """Ports whose link is up and which LACP still leaves out."""


def teams(host: Host) -> Iterable[Judgement]:
    """One judgement per team device of this machine; nothing where teamd does not answer."""
    for nic in interfaces(host) if host.real else ():
        if nic.kind == "team":
            answer = host.run(["teamdctl", nic.name, "state", "dump"])
            if answer.ok:
                yield _judged(host, nic.name, parse(answer.out))


def parse(raw: bytes) -> Team:
    """Raises ValueError for what teamd did not say, as JSON or in words."""
    if (team := _in_words(raw)) is not None:
        return team
    told = object_of(raw)
    if not {"setup", "runner", "ports", "team_device"} & told.keys():
        raise ValueError("no state of teamd: neither setup nor ports")
    found = at(told, "ports")
    ports: dict[str, JSON] = found if isinstance(found, dict) else {}
    up = {name: at(port, "link", "up") is not False for name, port in ports.items()}
    left_out = [name for name, port in ports.items() if up[name] and at(port, "runner", "selected") is False]
    return Team(
        runner=said(at(told, "setup", "runner_name")),
        active_port=said(at(told, "runner", "active_port")),
        ports=up,
        not_aggregated=tuple(left_out),
    )


def _in_words(raw: bytes) -> Team | None:
    """``teamdctl NAME state``: what belongs to a port stands deeper than its name. None for other text."""
    ports: dict[str, bool] = {}
    told: dict[str, str] = {}
    left_out: list[str] = []
    section = port = ""
    for line in flush_lines(raw):
        name, colon, value = line.strip().partition(":")
        if not line.startswith(" "):
            section, port = name, ""
        elif section == "ports" and not colon and line.startswith("  ") and line[2:3] != " ":
            port = name
            ports[port] = True
        elif port and name == "link summary":
            ports[port] = value.strip() == "up"
        elif port and name == "selected" and value.strip() == "no":
            left_out.append(port)
        elif not port:
            told.setdefault(name, value.strip())
    if "runner" not in told and not ports:
        return None
    apart = tuple(name for name in left_out if ports[name])
    return Team(told.get("runner", ""), told.get("active port", ""), ports, apart)


def judge(team: Team, host: Host) -> Iterable[Judgement]:
    if team.ports:
        yield _judged(host, "team", team)


def _judged(host: Host, name: str, team: Team) -> Judgement:
    lost = [port for port, up in team.ports.items() if not up]
    if lost and len(lost) == len(team.ports):
        reason = Reason.CARRIER
    elif lost:
        reason = Reason.MISSING
    else:
        reason = Reason.WRONG if team.not_aggregated and team.runner == "lacp" else Reason.OK
    return judged(
        SIGNAL,
        entity.bond(host.name, name),
        reason,
        len(team.ports) - len(lost),
        mode=team.runner,
        ports=len(team.ports),
        lost=", ".join(lost),
        apart=", ".join(team.not_aggregated),
    )


def facts(team: Team) -> dict[str, JSON]:
    return {
        "runner": team.runner,
        "active_port": team.active_port,
        "ports": {name: "up" if up else "down" for name, up in team.ports.items()},
    }


SOURCE = Source(kinds=("team", "teamdctl"), parse=parse, judge=judge, facts=facts)
