"""Is the Pacemaker cluster that this host belongs to whole? Value: nodes that are not."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from collectors.host import JSON, Host
from collectors.judging import judged
from collectors.parsing import lines_of
from collectors.source import Source
from collectors.unit import SECOND, Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason

SIGNAL = "svc.cluster"
COLLECTOR = Collector(
    signals=(SIGNAL,),
    layer=Layer.APPLICATION,
    interval=60 * SECOND,
    timeout=15 * SECOND,
    where=("/run/pacemaker", "/var/run/crm", "/run/crm"),
)
QUESTION = ("crm_mon", "-1")
NODES = re.compile(
    r"^(?:\* )?(Online|OFFLINE|RemoteOnline|RemoteOFFLINE|GuestOnline|Standby):\s*\[([^\]]*)\]"
)
NODE = re.compile(
    r"^(?:\* )?(?:Remote|Guest)?[Nn]ode (?:List: )?(\S+?):?\s*(?:\(\S+\))?:\s*"
    r"(UNCLEAN|OFFLINE|pending|standby|maintenance|online)(.*)$"
)
RESOURCE = re.compile(r"^(?:\* )?(\S+)\s+\((\S+:\S+)\):\s*(\S+)(.*)$")
NAME = re.compile(r"\(\d+\)")
STOPPED = frozenset(["Stopped", "FAILED", "Failed"])
MEANT = ("disabled", "unmanaged", "target-role")
QUORUM = re.compile(r"partition (with|WITHOUT) quorum|^Quorate:\s+(Yes|No)$")
KNOWN = (
    "cluster name",
    "pcsd status",
    "stack:",
    "current dc",
    "cluster summary",
    "online:",
    "list of resources:",
    "quorum information",
)
WARNING = "WARNING: "
"""Said before the status, and instead of it where there is no more to say."""
FAILED_ACTIONS = re.compile(r"^Failed (?:Resource |Fencing )?Actions:")
DAEMON = re.compile(r"^(corosync|pacemaker|pcsd|sbd): (\w+)/(\w+)")


class Cluster(msgspec.Struct):
    name: str = ""
    quorum: bool | None = None
    online: list[str] = []
    away: dict[str, str] = {}
    """Node → how it is: OFFLINE, UNCLEAN."""
    stopped: dict[str, str] = {}
    """Resource → how it is."""
    failed_actions: int = 0
    daemons: dict[str, str] = {}
    warnings: list[str] = []


def read(host: Host) -> Iterable[Judgement]:
    answer = host.run(QUESTION, timeout=8.0)
    if answer.ok:
        try:
            yield from judge(parse(answer.out), host)
        except ValueError:
            return


def parse(raw: bytes) -> Cluster:
    """``pcs status``, ``pcs quorum status`` and ``crm_mon``. Raises ValueError for a text of neither."""
    found = Cluster()
    known = False
    counting = False
    for line in lines_of(raw):
        text = line.strip()
        known |= any(word in text.lower() for word in KNOWN)
        counting = bool(FAILED_ACTIONS.match(text)) or (counting and bool(text))
        found.failed_actions += counting and text.startswith(("*", "- "))
        _take(found, text)
    if not known and not found.warnings:
        raise ValueError("no status of a cluster")
    return found


def _take(found: Cluster, text: str) -> None:
    if (match := NODES.match(text)) is not None:
        names = NAME.sub("", match[2]).split()
        if match[1].endswith("Online"):
            found.online += names
        elif match[1].endswith("OFFLINE"):
            found.away |= dict.fromkeys(names, "OFFLINE")
    elif (match := NODE.match(text)) is not None:
        if match[2] in {"UNCLEAN", "OFFLINE"}:
            found.away[match[1]] = match[2]
        elif match[2] == "online":
            found.online.append(match[1])
    elif (match := RESOURCE.match(text)) is not None:
        if match[3] in STOPPED and not any(word in match[4] for word in MEANT):
            found.stopped[match[1]] = match[3]
    elif (match := QUORUM.search(text)) is not None:
        found.quorum = "with" in match.groups() or "Yes" in match.groups()
    elif (match := DAEMON.match(text)) is not None:
        found.daemons[match[1]] = match[2]
    elif text.startswith(WARNING):
        found.warnings.append(text.removeprefix(WARNING)[:256])
    elif text.startswith("Cluster name:"):
        found.name = text.partition(":")[2].strip()


def judge(cluster: Cluster, host: Host) -> Iterable[Judgement]:
    """Warnings alone tell nothing of how the cluster is."""
    if cluster == Cluster(warnings=cluster.warnings):
        return
    away = bool(cluster.away) or cluster.quorum is False
    yield judged(
        SIGNAL,
        entity.service(host.name, "pacemaker"),
        Reason.MISSING if away else Reason.STOPPED if cluster.stopped else Reason.OK,
        len(cluster.away),
        cluster=cluster.name,
        away=", ".join(f"{name} {how}" for name, how in sorted(cluster.away.items())),
        stopped=", ".join(sorted(cluster.stopped)),
        quorum="unknown" if cluster.quorum is None else "yes" if cluster.quorum else "no",
    )


def facts(cluster: Cluster) -> dict[str, JSON]:
    return msgspec.structs.asdict(cluster)


SOURCE = Source(kinds=("pcs", "pcs_status", "crm_mon"), parse=parse, judge=judge, facts=facts)
