"""What was added to a graph and not removed is found from both its ends."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from rules.graph import Edge, Graph
from rules.models import Relation

RELATIONS = [Relation.DEPENDS_ON, Relation.ATTACHED_TO]


@settings(deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 12))
def test_an_edge_is_found_from_both_ends_in_the_order_in_which_it_came(seed, size):
    chance = random.Random(seed)
    graph = Graph()
    expected: dict[tuple[str, Relation, str], Edge] = {}
    for at in range(200):
        child, parent = (f"service:h{chance.randrange(size)}/app" for _ in range(2))
        edge = Edge(child, chance.choice(RELATIONS), parent, at=float(at))
        place = (edge.child, edge.relation, edge.parent)
        if chance.random() < 0.4:
            graph.remove(edge)
            expected.pop(place, None)
        else:
            graph.add(edge)
            expected[place] = edge
    for number in range(size):
        entity = f"service:h{number}/app"
        assert list(graph.parents(entity)) == [each for each in expected.values() if each.child == entity]
        assert list(graph.children(entity)) == [each for each in expected.values() if each.parent == entity]
    assert sorted(graph.edges(), key=lambda each: each.at) == sorted(
        expected.values(), key=lambda each: each.at
    )
