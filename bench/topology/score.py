"""Were the right things named, by as many tickets as there are failures that can be told apart?"""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

from bench.topology.case import Case
from bench.topology.network import Failure
from rules.diagnosis import Diagnosis
from server.diagnosis.settle import BAR, BAR_FURTHER
from wire import entity as ids

PLACES = frozenset(["net.switch.down", "net.link.down", "host.down", "host.agent.dead"])


def tickets(found: list[Diagnosis]) -> list[Diagnosis]:
    """Those that would open a ticket: sure enough, or surely something that lasts, whatever it is."""
    bar = BAR_FURTHER if len(found) > 1 else BAR
    return [
        each
        for each in found
        if each.probability >= bar or sum(some.probability for some in each.hypotheses) >= BAR_FURTHER
    ]


def failure_of(each: Diagnosis) -> Failure | None:
    """What the ticket says is broken, None where that is none of the things that can be."""
    kind, name = ids.kind_of(each.root.entity), ids.name_of(each.root.entity)
    if each.root.fault not in PLACES:
        return None
    if kind == "link":
        return ("link", *name.split("--", 1))
    if kind == "nic":
        return ("host", name.partition("/")[0])
    return (kind, name) if kind in ("switch", "host", "agent") else None


class Score(NamedTuple):
    """Of one kind of failure, how many: showed at all, were named right, by the right number of tickets."""

    seen: int = 0
    right: int = 0
    counted: int = 0
    unseen: int = 0
    """Showed nothing."""
    alarmed: int = 0
    """Of these, how many opened a ticket nevertheless."""


def score(case: Case, found: list[Diagnosis]) -> Score:
    what = case.broken.what
    if case.truth == case.shown(()):
        return Score(unseen=1, alarmed=bool(found))
    parts = [part for size in range(1, len(what) + 1) for part in combinations(sorted(what), size)]
    fewest = min(len(part) for part in parts if case.shown(part) == case.truth)
    named = [failure_of(each) for each in found]
    right = None not in named and case.shown(each for each in named if each) == case.truth
    counted = len(found) == fewest
    return Score(seen=1, right=right and counted, counted=counted)
