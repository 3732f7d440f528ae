"""Do the containers that Docker or Podman should keep running run, and are they well? Value: restarts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from collectors.clients import web
from collectors.host import Host
from collectors.identity import clean
from collectors.judging import judged
from collectors.unit import SECOND, Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason, unknown

STATE = "container.state"
COLLECTOR = Collector(signals=(STATE,), layer=Layer.APPLICATION, timeout=8 * SECOND)
SOCKETS = ("/run/docker.sock", "/var/run/docker.sock", "/run/podman/podman.sock")
LIST, LOOK = "/containers/json?all=1", "/containers/{id}/json"
MOST = 256
KEPT = frozenset(["always", "unless-stopped", "on-failure"])
RESTARTS = 3


class Summary(msgspec.Struct, frozen=True, rename="pascal"):
    """One entry of the list (Docker Engine API; Podman answers the same)."""

    id: str = ""
    names: list[str] | None = None
    state: str = ""
    status: str = ""


class State(msgspec.Struct, frozen=True):
    status: str = msgspec.field(default="", name="Status")
    exit_code: int = msgspec.field(default=0, name="ExitCode")
    oom_killed: bool = msgspec.field(default=False, name="OOMKilled")
    error: str = msgspec.field(default="", name="Error")
    health: Health | None = msgspec.field(default=None, name="Health")


class Health(msgspec.Struct, frozen=True, rename="pascal"):
    status: str = ""
    failing_streak: int = 0


class Policy(msgspec.Struct, frozen=True, rename="pascal"):
    name: str = ""
    maximum_retry_count: int = 0


class Limits(msgspec.Struct, frozen=True, rename="pascal"):
    restart_policy: Policy = Policy()


class Container(msgspec.Struct, frozen=True, rename="pascal"):
    """What is told of one when it is looked at alone."""

    state: State = State()
    restart_count: int = 0
    host_config: Limits = Limits()


def read(host: Host) -> Iterable[Judgement]:
    for path in dict.fromkeys(host.path(one) for one in SOCKETS if host.real and host.exists(one)):
        try:
            yield from _look(host, path)
        except PermissionError:
            subject = entity.host(host.name)
            yield unknown(STATE, subject, Reason.NOT_PERMITTED, grant=f"let the agent's group read {path}")
        except (OSError, EOFError, ValueError, msgspec.DecodeError):
            continue  # a socket behind which nothing answers; services and units are judged elsewhere
        else:
            return


def _look(host: Host, path: str) -> Iterator[Judgement]:
    """Only those that do not plainly run are looked at alone."""
    listed = msgspec.json.decode(web.fetch(path, LIST).body, type=list[Summary])
    for one in listed[:MOST]:
        if plainly_runs(one):
            yield from judge(host, name_of(one), Container(state=State(status="running"), restart_count=-1))
            continue
        page = web.fetch(path, LOOK.format(id=one.id))
        if page.status == 200:
            found = msgspec.json.decode(page.body, type=Container)
            yield from judge(host, name_of(one), found)


def plainly_runs(one: Summary) -> bool:
    """``Up 3 hours (healthy)``; not ``Up 4 seconds``, ``Up 2 hours (unhealthy)``."""
    return one.state == "running" and "unhealthy" not in one.status and "second" not in one.status


def name_of(one: Summary) -> str:
    return clean((one.names or [one.id[:12]])[0].lstrip("/"))


def judge(host: Host, name: str, one: Container) -> Iterator[Judgement]:
    """One that ended by itself is a fault only if it was to be kept running, or ran while we looked."""
    running: dict[str, bool] = host.remembered.setdefault("containers that ran", {})
    restarts: dict[str, list[tuple[float, int]]] = host.memory.setdefault("restarts", {})
    reason = _reason(one, ran=running.get(name, False), restarted=_restarted(host, restarts, name, one))
    if one.state.status == "running":
        running[name] = True
    elif reason is Reason.OK:
        running.pop(name, None)
        return
    yield judged(
        STATE,
        entity.service(host.name, name),
        reason,
        max(0, one.restart_count),
        **_facts(one),
    )


def _facts(one: Container) -> Mapping[str, str | int | bool]:
    facts: dict[str, str | int | bool] = {"status": one.state.status, "exit_code": one.state.exit_code}
    if one.state.oom_killed:
        facts["oom_killed"] = True
    if one.state.error:
        facts["error"] = one.state.error
    if one.state.health is not None:
        facts["health"] = one.state.health.status
    return facts


def _restarted(host: Host, seen: dict[str, list[tuple[float, int]]], name: str, one: Container) -> bool:
    """Several times within ten minutes; how often is not known of what plainly runs."""
    looks = seen.setdefault(name, [])
    if one.restart_count < 0:
        return False
    looks.append((host.ticks(), one.restart_count))
    seen[name] = looks = [look for look in looks if host.ticks() - look[0] <= 600.0][-64:]
    return one.restart_count - looks[0][1] >= RESTARTS


def _reason(one: Container, *, ran: bool, restarted: bool) -> Reason:
    state = one.state
    kept = one.host_config.restart_policy.name in KEPT
    if state.status == "restarting" or restarted:
        return Reason.RESTARTING
    if state.status == "dead":
        return Reason.STOPPED
    if state.status == "running":
        unwell = state.health is not None and state.health.status == "unhealthy"
        return Reason.HUNG if unwell else Reason.OK
    if state.status == "exited" and state.oom_killed and (ran or kept):
        return Reason.EXHAUSTED
    most = one.host_config.restart_policy.maximum_retry_count
    given_up = 0 < most <= one.restart_count
    # 137 and 143 without a kernel's kill: somebody stopped it, unless the engine itself would not go on
    meant = state.exit_code == 0 or (state.exit_code in (137, 143) and not given_up)
    meant &= not state.error
    return Reason.STOPPED if state.status == "exited" and not meant and (ran or kept) else Reason.OK
