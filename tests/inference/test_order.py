"""The same evidence gives the same diagnosis, to the byte, in whatever order it arrives."""

from __future__ import annotations

import random

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wire.codec import encode
from wire.judgement import Reason


def busy(world) -> None:
    """Two faults, consequences, stale and fresh passes, an intermittent key."""
    world.service("db1/postgresql", stored="fs:db1:/var")
    world.service("app1/app", "db1/postgresql")
    world.service("web1/nginx", "app1/app")
    world.alive("hub", "web1", "web2", "app1", "db1", "dns1")
    world.local("fs.space", "fs:db1:/var", Reason.FULL)
    world.probe("app.http", "web2", "app1/app", 8080, Reason.STATUS, since=2.0)
    world.probe("app.http", "web2", "web1/nginx", 80, Reason.STATUS, since=3.0)
    for name in ("web1", "web2", "app1"):
        world.ping(name, "db2", Reason.TIMEOUT, since=1.0)
        world.ping(name, "dns1", at=8.0)
    world.ping("hub", "web2", intermittent=(Reason.TIMEOUT,))
    world.heartbeat("db2", Reason.OVERDUE, since=4.0)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), stops=st.sets(st.integers(0, 25), max_size=4))
def test_order_of_arrival_and_looks_in_between_do_not_matter(new_world, seed, stops):
    world = new_world()
    busy(world)
    expected = encode(world.infer())
    shuffled = list(world.evidence)
    random.Random(seed).shuffle(shuffled)
    engine = world.empty_engine()
    for place, evidence in enumerate(shuffled):
        if place in stops:
            engine.infer(0.0)
        engine.update(evidence)
    assert encode(engine.infer(0.0)) == expected


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_what_was_changed_back_and_removed_leaves_no_trace(new_world, seed):
    world = new_world()
    busy(world)
    expected = encode(world.infer())
    engine = world.empty_engine()
    chance = random.Random(seed)
    extra = new_world()
    gone = [
        extra.ping(chance.choice(["app1", "dns1"]), name, chance.choice([Reason.TIMEOUT, Reason.OK]), at=8.0)
        for name in ("web1", "hub")
    ]
    for evidence in world.evidence:
        if chance.random() < 0.3:
            engine.update(gone[chance.randrange(2)])
            engine.infer(0.0)
        engine.update(evidence)
    for evidence in gone:
        engine.remove(evidence.key)
    for evidence in world.evidence:
        engine.update(evidence)
    assert encode(engine.infer(0.0)) == expected


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_what_is_confirmed_counts_as_what_is_told_anew(new_world, seed):
    world = new_world()
    busy(world)
    confirmed, told = world.engine(), world.engine()
    chance = random.Random(seed)
    for evidence in chance.sample(world.evidence, len(world.evidence)):
        if chance.random() < 0.3:
            assert encode(confirmed.infer(0.0)) == encode(told.infer(0.0))
        fresh = msgspec.structs.replace(
            evidence,
            confirmed_at=evidence.confirmed_at + chance.uniform(0.0, 10.0),
            clock_error=chance.choice([evidence.clock_error, 1.5]),
        )
        confirmed.confirm(fresh)
        told.update(fresh)
    assert encode(confirmed.infer(0.0)) == encode(told.infer(0.0))
