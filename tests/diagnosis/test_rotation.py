"""A large fleet is gone round, some agents at a time; a clock that is set does not wait for its turn."""

from __future__ import annotations

from server.clocks import WINDOW, Clock
from server.diagnosis.rotation import Rotation


def fleet(size):
    return tuple(f"h{number}" for number in range(size))


def test_of_a_small_fleet_everybody_is_named_each_time():
    rotation = Rotation(lambda: fleet(3), 5)
    assert [rotation.next(), rotation.next()] == [list(fleet(3))] * 2


def test_in_a_large_fleet_everybody_has_a_turn():
    rotation = Rotation(lambda: fleet(12), 5)
    named = [agent for _ in range(3) for agent in rotation.next()]
    assert set(named) == set(fleet(12))


def test_a_clock_that_is_set_is_said_to_have_moved():
    clock = Clock()
    for second in range(WINDOW):
        assert not clock.hear(second, second + 0.1)
    assert clock.hear(20.0, 3620.0)
    assert not clock.hear(21.0, 3621.0)


def test_a_shift_that_may_be_a_slow_way_moves_nothing_until_it_is_known():
    clock = Clock()
    moved = [clock.hear(second, second + 30.0) for second in range(WINDOW)]
    assert moved == [False] * (WINDOW - 1) + [True]
