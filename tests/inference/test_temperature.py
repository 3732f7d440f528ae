"""One temperature per stage turns scores into probabilities; it changes how sure, not who."""

from __future__ import annotations

import pytest

from rules.diagnosis import Diagnosis
from rules.inference import Engine
from rules.inference.temperature import load_temperatures
from wire.judgement import Reason


@pytest.fixture
def evidence(world):
    world.service("web1/nginx")
    world.alive()
    world.probe("app.http", "web2", "web1/nginx", 80, Reason.STATUS, since=2.0)
    return world.evidence


def inferred(engine: Engine, evidence=()) -> Diagnosis:
    for each in evidence:
        engine.update(each)
    (found,) = engine.infer(0.0)
    return found


def test_a_higher_temperature_is_less_sure_of_the_same_root(world, catalogue, evidence):
    cold, warm = (
        inferred(Engine(catalogue, world.graph, lambda _keys, t=t: t), evidence) for t in (1.0, 3.0)
    )
    assert (cold.root.fault, cold.root.entity) == (warm.root.fault, warm.root.entity)
    assert warm.probability < cold.probability


def test_a_stage_that_ends_changes_what_was_concluded_without_new_evidence(world, catalogue, evidence):
    now = [3.0]
    engine = Engine(catalogue, world.graph, lambda _keys: now[0])
    before = inferred(engine, evidence).probability
    now[0] = 1.0
    assert inferred(engine).probability > before


def test_the_temperatures_that_are_shipped_can_be_read():
    shipped = load_temperatures()
    assert shipped.before > 0
    assert shipped.after > 0
