"""Services of systemd that listen nowhere, and failed while the agent was watching."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from collectors.aftercare import recovered
from collectors.host import Host
from collectors.identity import clean
from collectors.judging import judged
from collectors.services.systemd import troubled_units, unit_state
from wire import entity
from wire.judgement import Judgement, Reason

PROCESS = "svc.process"
KEY = "units that failed before"


def judge_failed(host: Host, watched: AbstractSet[str]) -> Iterator[Judgement]:
    """What was broken before this agent came is no news; what ran and fails now is. Jobs are no services."""
    units = troubled_units(host)
    before = set(host.remembered.setdefault(KEY, units)) & set(units)
    host.remembered[KEY] = sorted(before)
    failed: set[str] = set()
    for unit in units:
        name = clean(unit.removesuffix(".service"))
        state = None if unit in before or name in watched else unit_state(host, unit)
        if state is None or state.type == "oneshot":
            continue
        failed.add(name)
        yield judged(
            PROCESS,
            entity.service(host.name, name),
            state.ended,
            state.restarts,
            unit=unit,
            result=state.result,
            exit_status=state.status,
        )
    for name in recovered(host, PROCESS, failed):
        if name not in watched:
            yield judged(PROCESS, entity.service(host.name, name), Reason.OK)
