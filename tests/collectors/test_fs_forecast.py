"""A file system that fills steadily is foreseen; a big copy is not taken for it."""

from __future__ import annotations

import pytest

from collectors.host import Host
from collectors.storage import fs_forecast
from collectors.storage.fs_forecast import EVERY, growth
from tests.collectors.conftest import Clock, about
from wire.judgement import Reason

MIB = 1024 * 1024


def marks(*used: float) -> list[list[float]]:
    return [[number * EVERY, value] for number, value in enumerate(used)]


def test_steady_growth_has_its_rate_and_a_single_rise_has_none():
    steady = marks(*(number * 300.0 for number in range(12)))
    assert growth(steady, steady[-1][0]) == pytest.approx(1.0)
    copied = marks(*[0.0] * 5, *[9e9] * 7)
    assert growth(copied, copied[-1][0]) == 0.0


def test_what_shrinks_and_what_is_hardly_known_does_not_grow():
    assert growth(marks(*(9.0 - number for number in range(9))), 9 * EVERY) == 0.0
    assert growth(marks(1.0, 2.0), EVERY) == 0.0


@pytest.mark.root
def test_a_file_system_that_is_filled_bit_by_bit_warns_before_it_is_full(mounted):
    point = mounted("data", "-t", "tmpfs", "-o", "size=64m", "none")
    clock = Clock()
    host = Host("box", clock=clock, ticks=clock)
    reasons = []
    for step in range(20):
        with open(f"{point}/{step}", "wb") as file:  # noqa: PTH123
            file.write(bytes(2 * MIB))
        clock.pass_by(EVERY)
        reasons.append(about(fs_forecast.read(host), "fs.forecast", point).reason)
    assert reasons[0] is Reason.OK
    assert reasons[-1] is Reason.HIGH


def test_this_machine_can_be_looked_at(host):
    assert all(one.signal == "fs.forecast" for one in fs_forecast.read(host))
