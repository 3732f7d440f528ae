"""Which tests are asked for next."""

from __future__ import annotations

import pytest

from rules.inference import next_tests
from rules.inference.drilldown import information
from rules.models import Role
from wire.judgement import Reason

from rules.inference.drilldown import AT_ONCE  # isort: skip


def wanted(world) -> set[tuple[str, str, str]]:
    engine = world.engine()
    diagnoses = engine.infer(0.0)
    return {(test.check, test.subject, test.observer) for test in next_tests(engine, diagnoses, 0.0)}


def test_a_sure_root_that_stands_alone_needs_no_test(world):
    world.alive()
    world.local("fs.space", "fs:db1:/var", Reason.FULL)
    assert wanted(world) == set()


def test_a_silent_host_is_pinged_from_any_vantage(world):
    world.heartbeat("db1", Reason.OVERDUE, opposite=-10.0)
    world.alive("web1", "web2", "app1", "hub", "db2", "dns1")
    tests = wanted(world)
    assert any(check == "net.icmp" and subject == "host:db1" for check, subject, _ in tests)


def test_a_host_that_is_silent_is_not_asked_to_look(world):
    world.heartbeat("db1", Reason.OVERDUE, opposite=-10.0)
    world.alive("web1", "web2", "app1", "hub", "db2", "dns1")
    assert "db1" not in {observer for _, _, observer in wanted(world)}


def test_a_pass_from_before_the_onset_is_looked_at_again(world):
    world.heartbeat("db1", Reason.OVERDUE, opposite=-10.0)
    world.ping("web1", "db1", since=-500.0, at=-3.0)
    world.alive("web1", "web2", "app1", "hub", "db2", "dns1")
    assert ("net.icmp", "host:db1", "web1") in wanted(world)


def test_nobody_connects_to_a_port_of_udp(world):
    world.alive()
    port = "port:db1/udp/123"
    for observer in ("web1", "web2"):
        crossed = [*world.path(observer, "db1"), (Role.OBSERVER, f"host:{observer}")]
        looked = [(Role.SELF, port), (Role.HOST, "host:db1"), *crossed]
        world.see(observer, "time.source", "endpoint:ntp://db1", Reason.PROHIBITED, looked, confirmed=False)
    asked = wanted(world)
    assert asked
    assert "net.tcp" not in {check for check, subject, _ in asked if subject == port}


def test_no_more_than_one_batch_is_asked_for(world):
    for number in range(40):
        world.probe("app.http", "web1", f"app1/s{number}", 8000 + number, Reason.STATUS, confirmed=False)
    engine = world.engine()
    assert len(next_tests(engine, engine.infer(0.0), 0.0)) <= AT_ONCE


def test_a_test_that_all_hypotheses_fail_alike_tells_nothing():
    assert information([(0.5, 0.9), (0.5, 0.9)]) == pytest.approx(0.0)


def test_a_test_that_one_of_two_equal_hypotheses_fails_tells_one_bit():
    assert information([(0.5, 1.0), (0.5, 0.0)]) == pytest.approx(1.0)
