"""Machines lost together, and the segment that must lie between them and the rest."""

from __future__ import annotations

import pytest

from wire.judgement import Reason


def lose(world, *names: str, since: float = 0.0) -> None:
    for place, name in enumerate(names):
        world.heartbeat(name, Reason.OVERDUE, since=since + place, opposite=-10.0)
        world.ping("web1", name, Reason.TIMEOUT, since=since + place + 1.0)


@pytest.fixture
def crowded(world):
    """Eight machines on the far switch, of which some go on answering."""
    for number in range(8):
        world.host(f"node{number}", "switch:sw2")
    world.alive("hub", "web1", "web2", "app1", "db1", "db2", "dns1")
    world.alive(*(f"node{number}" for number in range(4, 8)), at=30.0)
    for name in ("db1", "db2", "dns1", "node4", "node5", "node6", "node7"):
        world.ping("web1", name, at=30.0)
    return world


def test_three_machines_lost_together_beside_others_that_answer_are_one_cut(crowded):
    lose(crowded, "node0", "node1", "node2")
    [found] = crowded.infer()
    assert found.root.fault == "net.switch.down"
    assert found.entity.startswith("segment:cut-")
    assert len(found.explains) == 6


def test_the_same_machines_make_the_same_segment(crowded, new_world):
    lose(crowded, "node0", "node1", "node2")
    [found] = crowded.infer()
    again = new_world()
    for name in ("node0", "node1", "node2", "node4"):
        again.host(name, "switch:sw2")
    again.alive("hub", "web1", "web2", "app1", "db1", "db2", "dns1", "node4", at=30.0)
    for name in ("db1", "db2", "dns1", "node4"):
        again.ping("web1", name, at=30.0)
    lose(again, "node2", "node1", "node0")
    assert found.entity in {each.entity for each in again.infer()}


def test_two_machines_lost_together_are_two(crowded):
    lose(crowded, "node0", "node1")
    assert len(crowded.infer()) == 2


def test_machines_lost_minutes_apart_were_not_lost_together(crowded):
    lose(crowded, "node0", since=0.0)
    lose(crowded, "node1", since=-300.0)
    lose(crowded, "node2", since=-600.0)
    assert len(crowded.infer()) == 3
