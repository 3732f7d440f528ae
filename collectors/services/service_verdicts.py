"""How a watched service is judged: its process, and the doors on which it should listen."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from collectors.host import Host
from collectors.judging import judged
from collectors.process_table import Process, process
from collectors.services.planned import changing
from collectors.services.service_memory import DoorKey, Watched
from collectors.services.service_watch import ServiceWatch
from collectors.services.systemd import UnitState, unit_state
from wire import entity
from wire.judgement import Judgement, Path, Reason, Scalar, unknown

PROCESS, PORT = "svc.process", "svc.port"
COMES_BACK_SECONDS = 300.0
"""A service that a change of the machine has ended is waited for so long."""
LOOP_RESTARTS, LOOP_SECONDS = 3, 120.0
STUCK_SECONDS = 5.0
"""A connection that waits for so long while none is accepted waits for ever."""
BLOCKED_SECONDS = 30.0
"""Of uninterruptible sleep."""
ASK_AGAIN_SECONDS = 10.0
STOPPED_BY_SIGNAL, UNINTERRUPTIBLE = "T", "D"


def judge(host: Host, watch: ServiceWatch) -> Iterator[Judgement]:
    """Process and port of each watched service."""
    for name, one in sorted(watch.watched.items()):
        subject = entity.service(host.name, name)
        if planned := _waited_for(host, watch, one):
            # not silence, which would mean that nobody cares for it any more
            for signal in (PROCESS, *([PORT] if one.remembered.doors else [])):
                yield unknown(signal, subject, Reason.CHANGING, note=planned)
            continue
        if one.hidden:
            yield unknown(PROCESS, subject, Reason.NOT_PERMITTED, grant="root, or cap_sys_ptrace")
        elif not one.faceless:
            reason, facts = _process(host, one, watch.alive(one))
            yield judged(PROCESS, subject, reason, len(_recent(host, one)), **facts)
        if one.remembered.doors:
            yield _port(host, subject, one)


def _waited_for(host: Host, watch: ServiceWatch, one: Watched) -> str:
    """What of the machine is being changed, where that has ended the service a moment ago."""
    if one.doors or watch.alive(one) is not None:
        one.gone_since = None
        return ""
    if one.gone_since is None:
        one.gone_since = host.ticks()
    return changing(host) if host.ticks() - one.gone_since < COMES_BACK_SECONDS else ""


def _process(host: Host, one: Watched, main: Process | None) -> tuple[Reason, dict[str, Scalar]]:
    facts: dict[str, Scalar] = {"process": one.remembered.process}
    if one.pid:
        facts["pid"] = one.pid
    state = None if main else _ask_systemd(host, one)
    if state is not None:
        facts |= {"unit": one.remembered.unit, "result": state.result, "exit_status": state.status}
    recent = _recent(host, one)
    if len(recent) >= LOOP_RESTARTS or (state is not None and state.looping):
        facts["restarts"] = max(len(recent), state.restarts if state else 0)
        return Reason.RESTARTING, facts
    if main is None:
        return Reason.STOPPED if state is None else state.ended, facts
    stopped = _stopped_by_signal(host, one, main)
    if stopped:
        return Reason.HUNG, facts | {"stopped_pid": stopped, "state": "stopped by a signal"}
    if _blocked(host, one, main):
        return Reason.HUNG, facts | {"state": "uninterruptible sleep"}
    return Reason.OK, facts


def _recent(host: Host, one: Watched) -> list[float]:
    return [at for at in one.restarts if at > host.ticks() - LOOP_SECONDS]


def _ask_systemd(host: Host, one: Watched) -> UnitState | None:
    if one.remembered.unit and host.ticks() - one.unit_asked > ASK_AGAIN_SECONDS:
        one.unit_asked = host.ticks()
        one.unit_state = unit_state(host, one.remembered.unit)
    return one.unit_state


def _stopped_by_signal(host: Host, one: Watched, main: Process) -> int:
    """The pid of a stopped process among those that serve, or 0."""
    if main.state == STOPPED_BY_SIGNAL:
        return main.pid
    for pid in one.pids:
        worker = process(host, pid) if pid != main.pid else None
        if worker is not None and worker.state == STOPPED_BY_SIGNAL:
            return pid
    return 0


def _blocked(host: Host, one: Watched, main: Process) -> bool:
    if main.state != UNINTERRUPTIBLE:
        one.blocked_since = None
        return False
    if one.blocked_since is None:
        one.blocked_since = host.ticks()
    return host.ticks() - one.blocked_since >= BLOCKED_SECONDS


def _port(host: Host, subject: str, one: Watched) -> Judgement:
    """One judgement for all doors: that of the worst."""
    closed = [key for key in one.remembered.doors if key not in one.doors]
    stuck = [key for key in one.doors if _waits(host, one, key) >= STUCK_SECONDS]
    own = list(one.withdrawn)
    worst = (closed or stuck or own or one.remembered.doors)[0]
    facts: dict[str, Scalar] = {"port": f"{worst[0]}/{worst[1]}"}
    if stuck:
        facts["connections_waiting"] = one.stuck[stuck[0]][1]
    elif own and not closed:
        facts |= {"listens_on": ", ".join(one.doors[worst].addresses), "before": "reachable from elsewhere"}
    reason = Reason.REFUSED if closed else Reason.HUNG if stuck else Reason.WRONG if own else Reason.OK
    verdict = judged(PORT, subject, reason, len(closed or stuck or own), **facts)
    return msgspec.structs.replace(verdict, path=Path(port=worst[1]))


def _waits(host: Host, one: Watched, key: DoorKey) -> float:
    since, _ = one.stuck.get(key, (host.ticks(), 0))
    return host.ticks() - since
