"""Of very many symptoms that say the same some are weighed, and none is forgotten."""

from __future__ import annotations

import random

import msgspec
import pytest

from rules.inference.lot import MANY
from wire.codec import encode
from wire.judgement import Reason

EACH = MANY + 40


def dependants(world, database, first=0):
    """A database that ended, and the pages of all that lean on it."""
    world.service(database)
    world.local("svc.process", f"service:{database}", Reason.STOPPED)
    for number in range(first, first + EACH):
        name = f"n{number}"
        world.switch[name] = "switch:sw1"
        world.service(f"{name}/app", database)
        world.probe("app.http", name, f"{name}/app", 8080, Reason.STATUS, since=2.0)


def passed(evidence):
    return msgspec.structs.replace(
        evidence, outcome=Reason.OK, since=evidence.since + 60, confirmed_at=evidence.confirmed_at + 60
    )


def test_every_symptom_is_explained_though_not_every_one_is_weighed(new_world):
    world = new_world()
    dependants(world, "db1/postgresql")
    engine = world.engine()
    (found,) = engine.infer(0.0)
    assert (found.root.fault, len(found.explains)) == ("db.down", EACH + 1)
    assert len(engine.index.symptoms) < EACH


@pytest.mark.parametrize("seed", range(3))
def test_which_are_weighed_does_not_depend_on_the_order_of_arrival(new_world, seed):
    world = new_world()
    dependants(world, "db1/postgresql")
    expected = encode(world.infer())
    random.Random(seed).shuffle(world.evidence)
    engine = world.empty_engine()
    for number, evidence in enumerate(world.evidence):
        if number % 50 == 0:
            engine.infer(0.0)
        engine.update(evidence)
    assert encode(engine.infer(0.0)) == expected


def test_two_roots_with_the_same_symptoms_share_them_out(new_world):
    world = new_world()
    dependants(world, "db1/postgresql")
    dependants(world, "web2/mariadb", first=EACH)
    world.alive("hub", "db1", "web2", *(f"n{number}" for number in range(EACH)))
    found = {each.root.entity: len(each.explains) for each in world.infer()}
    assert found == {"service:db1/postgresql": EACH + 1, "service:web2/mariadb": EACH + 1}


def test_a_symptom_to_which_no_root_leads_is_weighed_after_all(new_world):
    world = new_world()
    dependants(world, "db1/postgresql")
    for number in range(4):
        world.switch[f"lone{number}"] = "switch:sw2"
        world.service(f"lone{number}/app")
        world.probe("app.http", "web1", f"lone{number}/app", 8080, Reason.STATUS, since=2.0)
    explained = {key for each in world.infer() for key in each.explains}
    assert {key for key in explained if "lone" in key[2]} == {
        ("web1", "app.http", f"endpoint:http://lone{number}:8080") for number in range(4)
    }


def test_what_stood_aside_is_weighed_when_few_are_left(new_world):
    world = new_world()
    dependants(world, "db1/postgresql")
    engine = world.engine()
    engine.infer(0.0)
    for evidence in world.evidence[1:-20]:
        engine.update(passed(evidence))
    engine.infer(0.0)
    left = {each.key for each in (world.evidence[0], *world.evidence[-20:])}
    assert set(engine.index.symptoms) == left


def test_a_removed_key_that_stood_aside_is_gone(new_world):
    world = new_world()
    dependants(world, "db1/postgresql")
    engine = world.engine()
    engine.infer(0.0)
    for evidence in world.evidence[1:-20]:
        engine.remove(evidence.key)
    (found,) = engine.infer(0.0)
    assert len(found.explains) == 21


def test_where_a_root_leads_is_found_anew_when_the_graph_changed(new_world):
    world = new_world()
    dependants(world, "db1/postgresql")
    engine = world.engine()
    expected = encode(engine.infer(0.0))
    engine.graph_changed()
    assert encode(engine.infer(0.0)) == expected


@pytest.mark.parametrize("looked_at", [True, False])
def test_a_look_that_is_dropped_and_taken_up_again_stands_once_at_its_place(new_world, looked_at):
    world = new_world()
    world.service("db1/postgresql")
    world.local("svc.process", "service:db1/postgresql", Reason.STOPPED)
    engine = world.engine()
    engine.infer(0.0)
    index = engine.index
    reading = index.drop(world.evidence[0].key)
    assert not looked_at or index.few("service:db1/postgresql") == ()
    index.put(reading)
    assert index.few("service:db1/postgresql") == (reading,)
