"""What is found at an entity is what exercised it, whether few looks did or many."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from rules.inference.index import Index
from rules.inference.outcomes import Reading
from rules.models import Role
from wire.judgement import Reason

ENTITIES = ["host:web1", "switch:sw1"]
ROLES = [Role.SELF, Role.HOST, Role.PATH]


def look(number, signal, exercised, *, failed=False):
    return Reading(
        key=("mon1", signal, f"address:{number}"),
        id=f"mon1#{number}",
        signal=signal,
        reason=Reason.TIMEOUT if failed else Reason.OK,
        place=0 if failed else 1_000,
        leak=1e-3,
        leaked=-1 if failed else 0,
        since=1.0,
        confirmed_at=2.0,
        opposite_at=None,
        clock_error=0.0,
        confirmed=False,
        intermittent=False,
        exercised=exercised,
        share=(),
        lot=number,
        is_symptom=failed,
    )


def expected(index, entity):
    found = {}
    for reading in index.readings.values():
        for role, place in reading.exercised:
            if place == entity:
                found.setdefault((reading.signal, role), {})[reading.key] = reading
    return found


@settings(deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 30))
def test_what_is_found_is_what_was_put_and_not_dropped(seed, size):
    chance = random.Random(seed)
    index = Index()
    for _ in range(150):
        number, signal = chance.randrange(size), chance.choice(["net.icmp", "net.tcp"])
        if chance.random() < 0.3:
            index.drop(look(number, signal, ()).key)
            continue
        pairs = [(role, entity) for role in ROLES for entity in ENTITIES if chance.random() < 0.4]
        index.put(look(number, signal, tuple(pairs), failed=chance.random() < 0.3))
    for entity in ENTITIES:
        assert index.here(entity) == expected(index, entity)
        for (signal, role), looks in expected(index, entity).items():
            failing = {each.key: each for each in index.failing(entity, (signal, role))}
            assert failing == {key: each for key, each in looks.items() if each.is_symptom}
            keys = [reading.key for reading in index.in_order(entity, (signal, role))]
            assert keys == sorted(looks)


@settings(deadline=None)
@given(st.integers(1, 30))
def test_the_newest_look_comes_first(size):
    index = Index()
    for number in [*range(size), 0]:
        index.put(look(number, "net.icmp", ((Role.HOST, "host:web1"),)))
    newest = next(index.newest("host:web1", ("net.icmp", Role.HOST)))
    assert newest.key == ("mon1", "net.icmp", "address:0")
