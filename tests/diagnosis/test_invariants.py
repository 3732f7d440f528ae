"""What must not change the tickets: clocks that are wrong by up to an hour, batches that come twice."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wire.judgement import Reason

HOSTS = ("web1", "web2", "app1", "db1")
FEW = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
SKEW = st.floats(-3600.0, 3600.0)


def answers(lab) -> list[tuple[str, str, tuple[str, ...]]]:
    """A service stops and a machine dies: the tickets, and nothing in their reports without proof."""
    lab.join(*HOSTS)
    for host in HOSTS:
        for other in HOSTS:
            if other != host:
                lab.ping(host, other)
    lab.pass_time(10)
    lab.stop("web1", "nginx")
    lab.agents["db1"].alive = False
    lab.pass_time(1)
    for host in HOSTS[:-1]:
        lab.ping(host, "db1", Reason.TIMEOUT)
    lab.pass_time(90)
    assert lab.unproven() == []
    found = sorted(
        (each.fault, each.entity, each.hosts)
        for each in lab.tickets()
        if not each.fault.startswith("time.")  # a clock that is wrong is named as such besides
    )
    lab.database.close()
    return found


@pytest.fixture(scope="module")
def expected(new_lab) -> list[tuple[str, str, tuple[str, ...]]]:
    found = answers(new_lab())
    assert {entity for _, entity, _ in found} == {"service:web1/nginx", "host:db1"}
    return found


@FEW
@given(skews=st.tuples(SKEW, SKEW, SKEW, SKEW))
def test_clocks_that_are_an_hour_wrong_change_no_ticket(new_lab, expected, skews):
    lab = new_lab()
    lab.prepare = lambda agent: setattr(agent, "behind", skews[HOSTS.index(agent.host)])
    assert answers(lab) == expected


@FEW
@given(seed=st.integers(0, 2**32))
def test_batches_that_come_twice_or_thrice_change_no_ticket(new_lab, expected, seed):
    lab, chance = new_lab(), random.Random(seed)
    lab.times = lambda: chance.choice([1, 2, 3])
    assert answers(lab) == expected
