"""What every collector promises, checked on this machine."""

from __future__ import annotations

from types import ModuleType

import pytest

import collectors
from agent.units.finding import modules
from collectors.host import Host
from rules.catalogue import load_catalogue
from wire.codec import decode, encode
from wire.judgement import Judgement, Layer, Reason, Verdict

SIGNALS = load_catalogue().signals


def _units() -> list[ModuleType]:
    return [module for module in modules(collectors) if hasattr(module, "COLLECTOR")]


UNITS = [unit for unit in _units() if unit.COLLECTOR.layer is not Layer.LOG]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.__name__)
def test_its_signals_are_declared(unit):
    assert set(unit.COLLECTOR.signals) <= SIGNALS.keys()


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.__name__)
def test_its_first_line_is_a_question(unit):
    assert "?" in unit.__doc__.splitlines()[0]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.__name__)
def test_what_it_judges_here_can_travel_and_is_declared(unit):
    host = Host("box")
    judgements = [*unit.read(host), *unit.read(host)]
    for judgement in judgements:
        assert decode(encode(judgement), Judgement) == judgement
        assert judgement.signal in unit.COLLECTOR.signals
        if judgement.verdict in {Verdict.WARN, Verdict.FAIL}:
            assert judgement.reason in SIGNALS[judgement.signal].outcomes
        assert (judgement.verdict is Verdict.PASS) == (judgement.reason is Reason.OK)
