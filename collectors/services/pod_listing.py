"""Reads the tables of ``kubectl get`` and ``oc get``: which pods do not run, which nodes are not ready."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from collectors.host import JSON, Host
from collectors.identity import clean
from collectors.judging import judged
from collectors.parsing import flush_lines
from collectors.services.cluster_status import SIGNAL
from collectors.services.containers import STATE
from collectors.source import Source
from wire import entity
from wire.judgement import Judgement, Reason

POD = re.compile(
    r"^(?:(?P<space>\S+)\s+)?(?P<name>\S+)\s+(?P<ready>\d+)/(?P<all>\d+)\s+(?P<status>[A-Z][\w:/.-]*)\s+"
    r"(?P<restarts>\d+)(?: \([^)]*\))?\s+(?P<age>\S+)"
)
NODE = re.compile(
    r"^(?P<name>\S+)\s+(?:\S+=\S+\s+)?(?P<status>Ready|NotReady|Unknown)(?:,SchedulingDisabled)?(?:\s|$)"
)
RESTARTING = ("CrashLoopBackOff",)
ENDED = ("Completed", "Succeeded", "Terminating", "Evicted")
"""What ended, or is about to: a listing does not tell whether it should have."""
BEGINNING = ("Pending", "ContainerCreating", "PodInitializing", "Init:")
AGE = re.compile(r"(\d+)([dhms])")
SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
PATIENCE = 600
"""Seconds in which images are fetched and volumes found."""


class Pod(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    ready: int
    containers: int
    status: str
    restarts: int
    age: int
    """Seconds."""


class Cluster(msgspec.Struct, frozen=True):
    pods: tuple[Pod, ...]
    nodes: dict[str, str]


def parse(raw: bytes) -> Cluster:
    """Raises ValueError where no pod and no node is listed."""
    pods: list[Pod] = []
    nodes: dict[str, str] = {}
    for line in flush_lines(raw):
        if found := POD.match(line):
            pods.append(_pod(found))
        elif found := NODE.match(line):
            nodes[found["name"]] = found["status"]
    if not pods and not nodes:
        raise ValueError("neither pods nor nodes")
    return Cluster(tuple(pods), nodes)


def _pod(found: re.Match[str]) -> Pod:
    space = f"{found['space']}/" if found["space"] else ""
    return Pod(
        name=f"{space}{found['name']}"[:256],
        ready=int(found["ready"]),
        containers=int(found["all"]),
        status=found["status"],
        restarts=int(found["restarts"]),
        age=sum(int(count) * SECONDS[unit] for count, unit in AGE.findall(found["age"])),
    )


def judge(found: Cluster, host: Host) -> Iterable[Judgement]:
    if found.nodes:
        away = sorted(name for name, status in found.nodes.items() if status != "Ready")
        subject = entity.service(host.name, "kubernetes")
        reason = Reason.MISSING if away else Reason.OK
        yield judged(SIGNAL, subject, reason, len(away), away=", ".join(away)[:512])
    yield from _pods(found, host)


def _pods(found: Cluster, host: Host) -> Iterator[Judgement]:
    for pod in found.pods:
        if (reason := reason_of(pod)) is not None:
            subject = entity.service(host.name, clean(pod.name.replace("/", ".")))
            ready = f"{pod.ready}/{pod.containers}"
            yield judged(STATE, subject, reason, None, status=pod.status, ready=ready, restarts=pod.restarts)


def reason_of(pod: Pod) -> Reason | None:
    """None of one that ended, or has only just begun."""
    if pod.status == "Running":
        young = pod.age < PATIENCE
        return Reason.OK if pod.ready == pod.containers else None if young else Reason.HUNG
    if pod.status.removeprefix("Init:") in RESTARTING:
        return Reason.RESTARTING
    if pod.status in ENDED:
        return None
    if pod.status.startswith(BEGINNING) and not pod.status.endswith(("Error", "BackOff")):
        return Reason.HUNG if pod.age >= PATIENCE else None
    return Reason.STOPPED


def facts(found: Cluster) -> dict[str, JSON]:
    return {
        "pods": {pod.name: pod.status for pod in found.pods},
        "nodes": dict(found.nodes),
        "restarts": {pod.name: pod.restarts for pod in found.pods if pod.restarts},
    }


SOURCE = Source(kinds=("kubectl", "oc", "oc_get"), parse=parse, judge=judge, facts=facts)
