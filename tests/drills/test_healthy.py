"""On a healthy lab the product opens nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from drills import labs
from drills.drill import catalogue

LONG = Path(__file__).with_name("healthy_long.toml")


def opens_nothing(path: Path) -> None:
    if os.geteuid():
        pytest.skip("needs root: the lab is made of namespaces")
    outcomes = labs.run([path], runs=1, prefix=f"h{os.getpid()}")
    assert [outcome.why for outcome in outcomes] == [""]
    assert [outcome.verdict for outcome in outcomes] == ["passed"]


@pytest.mark.root
@pytest.mark.timeout(600)
def test_a_healthy_minute_opens_no_ticket() -> None:
    opens_nothing(next(path for path in catalogue() if path.stem == "healthy"))


@pytest.mark.root
@pytest.mark.soak
def test_half_a_healthy_hour_opens_no_ticket() -> None:
    opens_nothing(LONG)
