"""What must not change a diagnosis: results told twice, a tenth of the passes lost; no claim lacks proof."""

from __future__ import annotations

import json
import random

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drills.claims import unproven
from rules.report import render
from rules.report.view import Cited, ReportView, TicketFacts
from wire.codec import encode
from wire.judgement import Reason, Verdict

NEAR, FAR = ("hub", "web1", "web2", "app1"), ("db1", "db2", "dns1")
FEW = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
SEEDS = st.integers(0, 2**32)


def all_well(world, *silent: str) -> None:
    """Everybody who is not silent pings everybody, and is heard."""
    hosts = [name for name in (*NEAR, *FAR) if name not in silent]
    world.alive(*hosts)
    for name in hosts:
        for other in hosts:
            if name != other:
                world.ping(name, other, since=-500.0, at=8.0)


def cut_off(world, *lost: str) -> None:
    all_well(world, *lost)
    for name in lost:
        world.heartbeat(name, Reason.OVERDUE, since=20.0)
        for observer in NEAR:
            world.ping(observer, name, Reason.TIMEOUT, since=1.0)


def a_switch_is_down(world) -> None:
    cut_off(world, *FAR)


def a_host_is_down_and_a_disk_full(world) -> None:
    world.service("app1/app", stored="fs:app1:/var")
    world.service("web1/nginx", "app1/app")
    cut_off(world, "db2")
    world.local("fs.space", "fs:app1:/var", Reason.FULL)
    world.probe("app.http", "web2", "app1/app", 8080, Reason.STATUS, since=2.0)
    world.probe("app.http", "web2", "web1/nginx", 80, Reason.STATUS, since=3.0)


def a_service_has_stopped(world) -> None:
    world.service("db1/postgresql")
    world.service("app1/app", "db1/postgresql")
    all_well(world)
    world.local("svc.process", "service:db1/postgresql", Reason.STOPPED)
    world.local("svc.port", "service:db1/postgresql", Reason.REFUSED)
    world.probe("net.tcp", "app1", "db1/postgresql", 5432, Reason.REFUSED, since=1.0)
    world.probe("app.http", "web2", "app1/app", 8080, Reason.STATUS, since=2.0)


TROUBLES = st.sampled_from([a_switch_is_down, a_host_is_down_and_a_disk_full, a_service_has_stopped])


@FEW
@given(seed=SEEDS, trouble=TROUBLES)
def test_what_is_told_several_times_and_in_any_order_changes_nothing(new_world, seed, trouble):
    world, chance = new_world(), random.Random(seed)
    trouble(world)
    told = [each for each in world.evidence for _ in range(chance.randint(1, 3))]
    chance.shuffle(told)
    engine = world.empty_engine()
    for each in told:
        engine.update(each)
    assert encode(engine.infer(0.0)) == encode(world.infer())


@settings(FEW, max_examples=8)
@given(seed=SEEDS, trouble=TROUBLES)
def test_what_was_concluded_on_the_way_changes_nothing(new_world, seed, trouble):
    world, chance = new_world(), random.Random(seed)
    trouble(world)
    earlier = [
        msgspec.structs.replace(
            each,
            outcome=chance.choice([each.outcome, Reason.OK]),
            confirmed_at=chance.uniform(min(each.since, each.confirmed_at), each.confirmed_at),
        )
        for each in world.evidence
    ]
    latest = list(world.evidence)
    engine = world.empty_engine()
    for told in (earlier, latest):
        chance.shuffle(told)
        for each in told:
            engine.update(each)
            if chance.random() < 0.05:
                engine.infer(0.0)
    assert encode(engine.infer(0.0)) == encode(world.infer())


@FEW
@given(seed=SEEDS, trouble=TROUBLES)
def test_roots_are_the_same_when_a_tenth_of_the_passes_is_lost(new_world, seed, trouble):
    world, chance = new_world(), random.Random(seed)
    trouble(world)
    engine = world.empty_engine()
    for each in world.evidence:
        if each.outcome is not Reason.OK or chance.random() >= 0.1:
            engine.update(each)
    named = [
        {(each.fault, each.entity) for each in (found.root, *found.members)} for found in engine.infer(0.0)
    ]
    roots = [(each.root.fault, each.root.entity) for each in world.infer()]
    assert len(named) == len(roots)
    assert all(any(root in some for some in named) for root in roots)


@FEW
@given(seed=SEEDS, trouble=TROUBLES)
def test_no_claim_of_a_report_lacks_an_observation(new_world, seed, trouble):
    world, chance = new_world(), random.Random(seed)
    trouble(world)
    kept = [each for each in world.evidence if chance.random() >= 0.2]
    engine = world.empty_engine()
    for each in kept:
        engine.update(each)
    for found in engine.infer(0.0):
        view = ReportView(
            ticket=TicketFacts(fault=found.root.fault, entity=found.entity, domain="network", type="x"),
            diagnosis=found,
            observations=tuple(_cited(each) for each in kept),
            at=0.0,
        )
        assert unproven(json.loads(render(view, engine.knowledge.catalogue, "json", "en"))) == []


def _cited(evidence) -> Cited:
    return Cited(
        id=evidence.id,
        host=evidence.observer,
        signal=evidence.signal,
        subject=evidence.subject,
        verdict=Verdict.PASS if evidence.outcome is Reason.OK else Verdict.FAIL,
        reason=evidence.outcome,
        at=evidence.confirmed_at,
        since=evidence.since,
    )
