"""How is this switch, or another machine without an agent of ours, and how are its ports?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kernel.cipher import NoCipher
from probes.devices.login import Refused, login
from probes.devices.snmp_envelope import Community, Envelope
from probes.devices.snmp_query import Agent, Session, Value
from probes.devices.snmp_user import User
from probes.packets.next_hop import silent
from probes.steps import StepFailed, Steps
from probes.unit import SECOND, Net, Probe
from wire.entity import nic
from wire.judgement import Judgement, Layer, Reason, Scalar, Verdict, unknown
from wire.target import SnmpTarget

PROBE = Probe(
    signals=("snmp.agent", "snmp.interface"),
    layer=Layer.NETWORK,
    target=SnmpTarget,
    interval=60 * SECOND,
    timeout=8 * SECOND,
)
_BUDGET = 7.0
_FIRST = 4.4
_UPTIME, _NAME = "1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.1.5.0"
_TICKS, _WRAP = 100, 2**32
_FRESH = 600.0
"""Seconds for which a restart is told."""
_TABLE, _MORE = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1"
_DESCRIPTION, _WANTED, _STATE = f"{_TABLE}.2", f"{_TABLE}.7", f"{_TABLE}.8"
_IN_ERRORS, _OUT_ERRORS = f"{_TABLE}.14", f"{_TABLE}.20"
_SHORT_NAME, _MEGABITS = f"{_MORE}.1", f"{_MORE}.15"
_IN_OCTETS, _IN_PACKETS, _OUT_OCTETS = f"{_MORE}.6", f"{_MORE}.7", f"{_MORE}.10"
_COLUMNS = (
    *(_DESCRIPTION, _WANTED, _STATE, _IN_ERRORS, _OUT_ERRORS),
    *(_SHORT_NAME, _MEGABITS, _IN_OCTETS, _IN_PACKETS, _OUT_OCTETS),
)
"""Of IF-MIB (RFC 2863)."""
_UP = 1
_FEW, _SHARE = 10, 1e-4
"""Errors between two looks that are nobody's business, in number and in share of the packets."""
_FULL = 0.95


@dataclass(frozen=True)
class _Sample:
    at: float
    errors: int
    packets: int
    received: int
    sent: int


async def ask(target: SnmpTarget, net: Net) -> list[Judgement]:
    """The agent (value: seconds it has been up), then each port that is used or wanted."""
    steps = Steps("snmp.agent", target.subject, net, _BUDGET)
    try:
        envelope = _envelope(target, net)
    except Refused as refused:
        return [unknown("snmp.agent", target.subject, Reason.NOT_PERMITTED, why=str(refused))]
    try:
        about = await _about(steps, target, envelope)
        rest = Agent(target.address, target.port, envelope, steps.left())
        with steps.step("table"), Session(rest) as session:
            rows = await session.table(_COLUMNS)
    except StepFailed as failure:
        return [steps.failed(failure)]
    except NoCipher as error:
        return [unknown("snmp.agent", target.subject, Reason.NOT_SUPPORTED, why=str(error))]
    name = target.name or _text(about.get(_NAME)) or target.address
    steps.evidence |= {"name": name, "ports": len(rows)}
    return [_uptime(steps, target, _number(about[_UPTIME])), *_ports(steps, target, name, rows)]


def _envelope(target: SnmpTarget, net: Net) -> Envelope:
    """Raises Refused."""
    if not target.login:
        return Community(target.community)
    declared = login(target.login, net)
    if target.cipher and not declared.password:
        raise Refused("who encrypts must sign too: declare a secret_file")
    return User(declared, target.digest, target.cipher)


async def _about(steps: Steps, target: SnmpTarget, envelope: Envelope) -> dict[str, Value]:
    way = steps.go(target.address, target.port)
    agent = Agent(target.address, target.port, envelope, steps.left(_FIRST))
    try:
        with steps.step("answer"), Session(agent) as session:
            about = await session.get((_UPTIME, _NAME))
    except StepFailed as failure:
        if failure.reason is Reason.TIMEOUT and (why := await silent(steps.ways, way)):
            raise StepFailed(Reason.UNREACHABLE, neighbour=why) from None
        raise
    if not isinstance(about.get(_UPTIME), int):
        raise StepFailed(Reason.STATUS, error="it does not say how long it has been up")
    return about


def _uptime(steps: Steps, target: SnmpTarget, ticks: int) -> Judgement:
    """Less than before is a restart, unless the counter ran over (497 days)."""
    memory, now = steps.net.memory, steps.net.clock()
    key = f"uptime {target.subject}"
    before, at = memory.get(key, (ticks, now))
    memory[key] = (ticks, now)
    ran_over = before + (now - at + 60) * _TICKS >= _WRAP
    if ticks < before and not ran_over:
        memory[f"restart {target.subject}"] = now
    seconds = ticks / _TICKS
    if now - memory.get(f"restart {target.subject}", float("-inf")) < _FRESH:
        return steps.warned(Reason.REBOOTED, seconds, up_before_s=before / _TICKS)
    return steps.passed(seconds)


def _ports(
    steps: Steps, target: SnmpTarget, switch: str, rows: dict[str, dict[str, Value]]
) -> Iterator[Judgement]:
    missing = set(target.ports)
    for row in rows.values():
        names = {_text(row.get(_SHORT_NAME)), _text(row.get(_DESCRIPTION))} - {""}
        if not names:
            continue
        wanted = bool(names & set(target.ports))
        missing -= names
        name = _text(row.get(_SHORT_NAME)) or _text(row.get(_DESCRIPTION))
        if wanted or row.get(_STATE) == _UP:
            yield _port(steps, nic(switch, name), row, wanted=wanted)
    for name in sorted(missing):
        yield _judged(
            steps, nic(switch, name), Reason.STOPPED, None, {"error": "the switch has no such port"}
        )


def _port(steps: Steps, subject: str, row: dict[str, Value], *, wanted: bool) -> Judgement:
    if wanted and row.get(_STATE) != _UP:
        shut = row.get(_WANTED) != _UP
        return _judged(steps, subject, Reason.STOPPED, None, {"shut_by_hand": shut})
    now = _Sample(
        steps.net.clock(),
        _number(row.get(_IN_ERRORS)) + _number(row.get(_OUT_ERRORS)),
        _number(row.get(_IN_PACKETS)),
        _number(row.get(_IN_OCTETS)),
        _number(row.get(_OUT_OCTETS)),
    )
    before: _Sample = steps.net.memory.get(subject, now)
    steps.net.memory[subject] = now
    errors, packets = now.errors - before.errors, max(0, now.packets - before.packets)
    if errors > max(_FEW, packets * _SHARE):
        evidence: dict[str, Scalar] = {"errors": errors, "packets": packets}
        return _judged(steps, subject, Reason.ERRORS, float(errors), evidence)
    load = _load(now, before, _number(row.get(_MEGABITS)))
    return _judged(steps, subject, Reason.SATURATED if load > _FULL else Reason.OK, round(load, 4), {})


def _load(now: _Sample, before: _Sample, megabits: int) -> float:
    """Share of the speed, in the busier direction; 0 where it cannot be said."""
    seconds = now.at - before.at
    if seconds < 1 or megabits <= 0:
        return 0.0
    octets = max(now.received - before.received, now.sent - before.sent, 0)
    return octets * 8 / seconds / (megabits * 1e6)


def _judged(
    steps: Steps, subject: str, reason: Reason, value: float | None, evidence: dict[str, Scalar]
) -> Judgement:
    verdict = {Reason.OK: Verdict.PASS, Reason.STOPPED: Verdict.FAIL}.get(reason, Verdict.WARN)
    return Judgement(
        signal="snmp.interface",
        subject=subject,
        verdict=verdict,
        reason=reason,
        value=value,
        evidence=evidence,
        path=steps.path,
    )


def _text(value: Value) -> str:
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else ""
    return "".join(letter for letter in text if letter.isprintable())[:128].strip()


def _number(value: Value) -> int:
    return value if isinstance(value, int) else 0
