"""Do the jobs that systemd should run again and again run, and end well? Value: hours since the last run."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

import msgspec

from collectors.host import JSON, Host
from collectors.identity import clean
from collectors.judging import judged
from collectors.parsing import text_of
from collectors.services.unit_listing import failed
from collectors.source import Source
from collectors.unit import SECOND, Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason

SIGNAL = "svc.timer"
COLLECTOR = Collector(
    signals=(SIGNAL,),
    layer=Layer.APPLICATION,
    interval=60 * SECOND,
    timeout=10 * SECOND,
    where=("/run/systemd/system",),
)
TIMER = ("Id", "Unit", "ActiveState", "UnitFileState", "LastTriggerUSec", "Result")
SERVICE = ("Id", "ActiveState", "Result", "ExecMainStatus", "ExecMainExitTimestamp")
KEY = "timers"
MOST = 256
ENOUGH = 3
"""Runs after which a job's rhythm is known."""
SLACK = 1.5
"""Times the longest pause seen; a job that is due by the calendar keeps no exact hours."""
LEAST = 600.0
Block = dict[str, str]


class Job(msgspec.Struct):
    """What is remembered of one timer."""

    ran: str = ""
    """Its last run, as systemd words it."""
    seen: float = 0.0
    """When that was, seconds since the epoch."""
    pauses: list[float] = []
    armed: bool = False
    old_failure: str = ""
    """A failure that was there when the agent first looked: no news."""
    known: bool = False


def read(host: Host) -> Iterable[Judgement]:
    """Nothing where systemd does not answer."""
    timers = _show(host, TIMER, ["*.timer"])
    services = {block.get("Id", ""): block for block in _show(host, SERVICE, _units(timers))}
    jobs = _recalled(host)
    now: dict[str, Job] = {}
    for timer in timers:
        name = timer.get("Id", "").removesuffix(".timer")
        if name:
            job = now[name] = jobs.get(name) or Job()
            yield from _judge(host, name, job, timer, services.get(timer.get("Unit", ""), {}))
    host.remembered[KEY] = {name: msgspec.to_builtins(job) for name, job in now.items()}


def _show(host: Host, properties: tuple[str, ...], units: list[str]) -> list[Block]:
    if not units:
        return []
    answer = host.run(["systemctl", "show", f"--property={','.join(properties)}", "--", *units], timeout=4.0)
    return parse(answer.out) if answer.ok and answer.out.strip() else []


def _units(timers: list[Block]) -> list[str]:
    return [unit for timer in timers if (unit := timer.get("Unit", ""))]


def _recalled(host: Host) -> dict[str, Job]:
    try:
        return msgspec.convert(host.remembered.get(KEY, {}), dict[str, Job])
    except msgspec.ValidationError:
        return {}


def parse(raw: bytes) -> list[Block]:
    """Blocks of ``Name=value`` with empty lines between. Raises ValueError for a text without an Id."""
    blocks: list[Block] = [{}]
    for line in text_of(raw).split("\n")[: MOST * 16]:
        name, mark, value = line.partition("=")
        if mark:
            blocks[-1][name.strip()] = value.strip()[:512]
        elif blocks[-1]:
            blocks.append({})
    found = [block for block in blocks if block.get("Id")]
    if not found:
        raise ValueError("no Id=… of a unit")
    return found[:MOST]


def _judge(host: Host, name: str, job: Job, timer: Block, service: Block) -> Iterator[Judgement]:
    at = moment(timer.get("LastTriggerUSec", ""))
    _learn(job, timer.get("LastTriggerUSec", ""), at)
    failure = _failure(service)
    if not job.known:
        job.known, job.old_failure = True, failure
    elif failure != job.old_failure:
        job.old_failure = ""
    active = timer.get("ActiveState", "")
    if active == "failed" or (job.armed and active == "inactive" and timer.get("UnitFileState") == "enabled"):
        reason = Reason.STOPPED
    elif failure and not job.old_failure:
        reason = Reason.ERRORS
    else:
        reason = Reason.OVERDUE if _overdue(host, job, active) else Reason.OK
    job.armed |= active == "active"
    yield judged(
        SIGNAL,
        entity.job(host.name, clean(name)),
        reason,
        round(max(0.0, host.clock() - at) / 3600, 2) if at else None,
        unit=timer.get("Unit", ""),
        last_run=timer.get("LastTriggerUSec", ""),
        result=service.get("Result", ""),
        exit_status=service.get("ExecMainStatus", ""),
    )


def _failure(service: Block) -> str:
    """Which run failed, by when it ended; empty of one that ended well or runs now."""
    if service.get("Result", "success") in {"success", ""} or service.get("ActiveState") == "activating":
        return ""
    return service.get("ExecMainExitTimestamp", "") or service.get("Result", "")


def _learn(job: Job, ran: str, at: float) -> None:
    if at and ran != job.ran:
        if job.seen and at > job.seen:
            job.pauses = [*job.pauses, at - job.seen][-8:]
        job.ran, job.seen = ran, at


def _overdue(host: Host, job: Job, active: str) -> bool:
    """By the rhythm that was seen; a job that runs now is not."""
    if active != "active" or len(job.pauses) < ENOUGH:
        return False
    return host.clock() - job.seen > max(LEAST, SLACK * max(job.pauses))


def moment(text: str) -> float:
    """``Mon 2026-01-05 10:00:00 UTC`` in the time of the host; 0 of ``n/a``."""
    words = text.split()
    if len(words) < 3:
        return 0.0
    try:
        return time.mktime(time.strptime(f"{words[1]} {words[2][:8]}", "%Y-%m-%d %H:%M:%S"))
    except (ValueError, OverflowError):
        return 0.0


def judge(blocks: list[Block], host: Host) -> Iterable[Judgement]:
    """One recording says of no job when it should run; that its timer or another unit failed it says."""
    for block in blocks:
        if block.get("ActiveState") != "failed":
            continue
        if block["Id"].endswith(".timer"):
            subject = entity.job(host.name, clean(block["Id"].removesuffix(".timer")))
            yield judged(SIGNAL, subject, Reason.STOPPED, None, unit=block.get("Unit", ""))
        else:
            yield failed(block["Id"], host)


def facts(blocks: list[Block]) -> dict[str, JSON]:
    return {"units": {block["Id"]: block for block in blocks}}


SOURCE = Source(kinds=("systemctl_show",), parse=parse, judge=judge, facts=facts)
