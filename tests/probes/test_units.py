"""Every probe declares itself in the same way."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import probes
from agent.units.finding import modules
from rules.catalogue import load_catalogue

MODULES = list(modules(probes))
UNITS = [module for module in MODULES if hasattr(module, "PROBE")]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.__name__)
def test_its_signals_are_declared_in_the_rules(unit):
    assert set(unit.PROBE.signals) <= set(load_catalogue().signals)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.__name__)
def test_it_begins_with_the_question_it_answers(unit):
    assert unit.__doc__.splitlines()[0].endswith("?")


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.__name__)
def test_its_test_has_its_name(unit):
    assert (Path(__file__).parent / f"test_{unit.__name__.rpartition('.')[2]}.py").exists()


def test_importing_them_brings_in_nothing_heavy():
    names = ",".join(module.__name__ for module in MODULES)
    code = (
        f"import sys, {names}; print([m for m in ('scapy', 'cryptography', 'requests') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
