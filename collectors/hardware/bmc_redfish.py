"""What do declared management controllers tell by Redfish? Values: hottest °C; how many are in trouble."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial

from collectors.clients.answer import NotPermitted, asked
from collectors.clients.declared import Redfish, declared
from collectors.clients.redfish_service import Service
from collectors.clients.secret import password
from collectors.hardware.bmc_facts import FAN, HEALTH, POWER, TEMPERATURE
from collectors.hardware.redfish import DISK, Resource, judge, parse
from collectors.host import Host
from collectors.unit import Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason, Verdict, unknown

COLLECTOR = Collector(
    signals=(HEALTH, TEMPERATURE, FAN, POWER, DISK),
    layer=Layer.HARDWARE,
    interval=120.0,
    timeout=60.0,
    risky=True,
    where=("option:applications.redfish",),
)
BUDGET = 50.0
"""Seconds for all controllers."""


def read(host: Host) -> Iterable[Judgement]:
    targets = declared(host).redfish
    for one in targets:
        yield from _look(host, one, BUDGET / len(targets))


def _look(host: Host, target: Redfish, seconds: float) -> Iterator[Judgement]:
    machine = Host(target.host) if target.host else host
    subject = entity.chassis(machine.name)
    found, answer = asked(host, subject, partial(_ask, host, target, seconds), url=target.url)
    if found is not None:
        yield from judge(found, machine)
        return
    why = answer.reason if answer.verdict is Verdict.UNKNOWN else Reason.UNREADABLE
    yield unknown(HEALTH, subject, why, **answer.evidence)


def _ask(host: Host, target: Redfish, seconds: float) -> Resource:
    """Everything that it tells, as one. Raises as ``Service`` does."""
    login = next((one for one in declared(host).login if one.service == target.login), None)
    if login is None:
        raise NotPermitted(f"[[applications.login]] with service = {target.login!r}")
    whole = Resource("", [], [], {})
    with Service(target, (login.user, password(host, login)), seconds) as service:
        for raw in service.resources():
            with suppress(ValueError):  # one that is none says nothing
                part = parse(raw)
                whole.sensors.extend(part.sensors)
                whole.drives.extend(part.drives)
    return whole
