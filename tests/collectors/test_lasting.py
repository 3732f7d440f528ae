"""What lasts, look by look."""

import pytest

from collectors.host import Host
from collectors.lasting import held, in_a_row, seconds


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def host(clock, tmp_path):
    return Host("web1", str(tmp_path), ticks=clock)


@pytest.mark.parametrize(
    ("values", "level"),
    [
        ((0.9, 0.9), 0.0),
        ((0.9, 0.9, 0.9), 0.9),
        ((1.0, 0.8, 0.9), 0.9),
        ((1.0, 0.4, 1.0), 0.5),
        ((0.0, 0.9, 0.9, 0.9), 0.9),
    ],
)
def test_the_level_that_all_of_the_last_looks_held_is_that_of_all_together_and_not_of_a_peak(
    host, values, level
):
    told = [held(host, "cpu", value, 3) for value in values]
    assert told[-1] == pytest.approx(level)


def test_a_look_that_tells_nothing_neither_goes_on_with_a_run_nor_ends_it(host):
    assert [in_a_row(host, "sda", so=so) for so in (True, True, None, True, False, True)] == [
        1,
        2,
        2,
        3,
        0,
        1,
    ]


def test_what_stopped_being_so_begins_anew(host, clock):
    assert seconds(host, "paused", so=True) == 0.0
    clock.now = 130.0
    assert seconds(host, "paused", so=True) == 30.0
    assert seconds(host, "paused", so=False) == 0.0
    clock.now = 140.0
    assert seconds(host, "paused", so=True) == 0.0


def test_each_name_has_a_run_of_its_own(host):
    in_a_row(host, "sda", so=True)
    assert in_a_row(host, "sdb", so=True) == 1
