"""What a ticket names when several causes cannot be told apart."""

from __future__ import annotations

import pytest

from rules.graph import Edge, Graph
from rules.inference.cause import Cause
from rules.inference.classes import common_entity
from rules.models import Relation

SHOP = Cause("app.error.internal", "service:app1/shopd")


@pytest.mark.parametrize(
    ("other", "named"),
    [
        (Cause("unmodelled.host", "host:app1"), "service:app1/shopd"),
        (Cause("proc.fd.exhausted", "process:app1/shopd"), "service:app1/shopd"),
        (Cause("storage.fs.full", "fs:app1:/srv"), "host:app1"),
        (Cause("db.down", "service:db1/postgres"), "service:app1/shopd"),
    ],
)
def test_the_smallest_thing_that_holds_all_causes_is_named(other, named):
    assert common_entity([SHOP, other], Graph()) == named


@pytest.mark.parametrize(("hosts", "named"), [(["mon1", "db1"], "switch:sw2"), (["mon1"], "nic:mon1/eth0")])
def test_a_port_is_part_of_a_switch_that_holds_others_too(hosts, named):
    graph = Graph()
    for host in hosts:
        graph.add(Edge(f"nic:{host}/eth0", Relation.ATTACHED_TO, "switch:sw2"))
    members = [Cause("net.link.down", "nic:mon1/eth0"), Cause("net.switch.down", "switch:sw2")]
    assert common_entity(members, graph) == named
