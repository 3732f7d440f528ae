"""The next tests: those that best separate what is still possible, by expected information gain per cost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from math import log2

import msgspec

from rules.diagnosis import Diagnosis, Key
from rules.evidence import Exercised
from rules.inference.cause import Cause
from rules.inference.engine import Engine
from rules.models import UNMODELLED, Relation, Role
from wire.entity import Entity, agent, door_of, host, host_of, kind_of
from wire.target import TcpTarget

AT_ONCE = 24
PER_CANDIDATE = 6
SURE = 0.97
"""A root at least this probable, and alone, needs no further test."""
SPOKEN = frozenset(["app.http", "tls.certificate", "net.dns", "net.dns_record"])
"""Questions in a language that not every door speaks: only where somebody asks so already."""
COINCIDENCE = 0.05
"""How likely it is at least that no model fits: then what failed by chance passes when it is asked again."""
LEAST_GAIN = 0.01
"""Bits below which a test is not worth its noise."""
LOOKS_EACH = 200
"""Looks through one entity that are considered."""
SUBJECTS = 3
"""Names of one entity by which one check is asked."""
LOCAL_COST = 0.2
FAR_COST = 1.0


class WantedTest(msgspec.Struct, frozen=True, kw_only=True):
    """A check to run now."""

    check: str
    subject: Entity
    observer: str = ""
    """Who is to look; empty for any vantage."""
    cost: float
    """Seconds."""
    gain: float
    """Bits that its answer is expected to tell."""


class _Idea(msgspec.Struct, frozen=True):
    """A test before its worth is known."""

    check: str
    subject: Entity
    observer: str
    cost: float
    exercised: tuple[Exercised, ...]


def next_tests(engine: Engine, diagnoses: Sequence[Diagnosis], now: float) -> list[WantedTest]:
    """At most 24 tests, the best first; none where every diagnosis is sure and stands alone."""
    del now
    best: dict[tuple[str, Entity, str], WantedTest] = {}
    for diagnosis in diagnoses:
        vague = diagnosis.root.fault.startswith(UNMODELLED)
        if diagnosis.probability >= SURE and not diagnosis.members and not vague:
            continue
        for test in _for_one(engine, diagnosis):
            place = (test.check, test.subject, test.observer)
            if place not in best or best[place].gain < test.gain:
                best[place] = test
    return sorted(best.values(), key=_worth)[:AT_ONCE]


def _for_one(engine: Engine, diagnosis: Diagnosis) -> Iterator[WantedTest]:
    beliefs = {
        Cause(each.fault, each.entity): each.probability * (1.0 - COINCIDENCE)
        for each in (*diagnosis.hypotheses, *diagnosis.members)
    }
    forecasts = {cause: engine.forecasts.of(cause) for cause in beliefs}
    known = set(diagnosis.explains)
    for cause in beliefs:
        tests: dict[tuple[str, Entity, str], WantedTest] = {}
        for idea in (
            *_own(engine, cause),
            *_behind(engine, cause),
            *_looks(engine, cause, diagnosis.onset, known),
        ):
            if not _can_look(engine, idea.observer):
                continue
            fails = [(beliefs[each], forecasts[each].fails(idea.check, idea.exercised)) for each in beliefs]
            gain = information(fails)
            if gain >= LEAST_GAIN:
                tests[(idea.check, idea.subject, idea.observer)] = WantedTest(
                    check=idea.check, subject=idea.subject, observer=idea.observer, cost=idea.cost, gain=gain
                )
        yield from sorted(tests.values(), key=_worth)[:PER_CANDIDATE]


def information(fails: Iterable[tuple[float, float]]) -> float:
    """Mutual information, in bits, of hypothesis and answer, from (belief, probability that the test fails).

    What the beliefs leave open is something else, under which the test passes.
    """
    pairs = list(fails)
    rest = max(0.0, 1.0 - sum(belief for belief, _ in pairs))
    whole = rest + sum(belief for belief, _ in pairs)
    if whole <= 0:
        return 0.0
    mean = sum(belief * fail for belief, fail in pairs) / whole
    return max(0.0, _entropy(mean) - sum(belief * _entropy(fail) for belief, fail in pairs) / whole)


def _own(engine: Engine, cause: Cause) -> Iterator[_Idea]:
    """The fault's confirming tests, and those of its own symptoms that somebody looks for on its entity."""
    model = engine.ground.model(cause)
    if model is None or model.fault is None:
        return
    known = {look[0] for look in engine.index.here(cause.entity)}
    costs = {test.check: test.cost for test in model.fault.confirm}
    for signal, role in model.entries:
        if role is Role.SELF and signal in known:
            costs.setdefault(signal, LOCAL_COST if _is_local(engine, signal) else FAR_COST)
    owner = host_of(cause.entity)
    touched = [(Role.SELF, cause.entity)]
    if owner:
        touched.append((Role.HOST, host(owner)))
    for check, cost in costs.items():
        if check == "net.tcp" and "/udp/" in cause.entity:
            continue  # nobody connects to such a port
        if _is_asked(engine, check) and (check in known or check not in SPOKEN):
            observer = owner if _is_local(engine, check) else ""
            for subject in _subjects(engine, check, cause.entity):
                yield _Idea(check, subject, observer, cost, tuple(touched))


def _behind(engine: Engine, cause: Cause) -> Iterator[_Idea]:
    """What the service passes requests on to, asked from its own host, since nobody else does."""
    model = engine.ground.model(cause)
    shown = model.entries if model else {}
    edges = engine.ground.graph.parents(cause.entity)
    leant_on = sorted(each.parent for each in edges if each.relation is Relation.DEPENDS_ON)
    front, asker = (Role.FRONT, cause.entity), host_of(cause.entity)
    for address in leant_on if ("net.icmp", Role.FRONT) in shown else ():
        if kind_of(address) == "address":
            yield _Idea("net.icmp", address, asker, FAR_COST, (front, (Role.SELF, address)))
    for flow in leant_on if ("net.tcp", Role.FRONT) in shown else ():
        ip, _, port = door_of(flow) if kind_of(flow) == "flow" else ("", "", 0)
        if f"address:{ip}" in leant_on:
            door = TcpTarget(host=ip, port=port).subject
            yield _Idea("net.tcp", door, asker, FAR_COST, (front, (Role.SELF, flow)))


def _subjects(engine: Engine, check: str, entity: Entity) -> list[Entity]:
    """By which names this check looks at the entity: a page of a service, or the entity itself."""
    looks = islice(engine.index.newest(entity, (check, Role.SELF)), LOOKS_EACH)
    return sorted({reading.key[2] for reading in looks})[:SUBJECTS] or [entity]


def _looks(engine: Engine, cause: Cause, onset: float, known: set[Key]) -> Iterator[_Idea]:
    """Looks through the entity that failed, or that passed before it all began: what do they say now?"""
    seen: set[Key] = set()
    for look in sorted(engine.index.here(cause.entity)):
        if not _is_asked(engine, look[0]):
            continue
        for count, reading in enumerate(engine.index.newest(cause.entity, look)):
            if count >= LOOKS_EACH:
                break
            stale = not reading.is_symptom and reading.confirmed_at <= onset + reading.clock_error
            if reading.key in seen or not (stale or reading.key in known):
                continue
            seen.add(reading.key)
            observer, check, subject = reading.key
            yield _Idea(check, subject, observer, FAR_COST, reading.exercised)


def _can_look(engine: Engine, observer: str) -> bool:
    """A host whose heartbeat is overdue cannot be asked."""
    beats = engine.index.newest(agent(observer), ("agent.heartbeat", Role.SELF))
    return not any(reading.is_symptom for reading in beats)


def _is_asked(engine: Engine, check: str) -> bool:
    """Whether somebody can be sent to look: not so for log lines and for what the server itself notes."""
    signal = engine.knowledge.signals.get(check)
    return signal is not None and not signal.born_of_log and not check.startswith("agent.")


def _is_local(engine: Engine, check: str) -> bool:
    return Role.PATH not in engine.knowledge.signals[check].exercises


def _entropy(probability: float) -> float:
    if probability <= 0 or probability >= 1:
        return 0.0
    return -probability * log2(probability) - (1 - probability) * log2(1 - probability)


def _worth(test: WantedTest) -> tuple[float, str, Entity, str]:
    return (-test.gain / max(test.cost, 0.05), test.check, test.subject, test.observer)
