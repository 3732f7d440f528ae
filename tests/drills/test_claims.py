"""The walk over a report finds each kind of claim that nothing proves."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from drills.claims import FULL, unproven

CLAIM = {"fault": "host.down", "entity": "host:web1"}
REPORT: dict[str, Any] = {
    "ticket": {"resolved_at": 7.0},
    "diagnosis": {
        "root": {**CLAIM, "supported_by": ["a#1"], "opposed_by": []},
        "observations": ["a#1", "b#2"],
        "members": [{**CLAIM, "supported_by": ["a#1"], "opposed_by": []}],
        "hypotheses": [{**CLAIM, "supported_by": [], "opposed_by": ["b#2"]}],
        "consequences": [{"state": "down", "entity": "service:web1/nginx", "shown_by": ["b#2"]}],
        "ruled_out": [{**CLAIM, "by": ["b#2"]}],
    },
    "observations": [{"id": "a#1"}, {"id": "b#2"}],
    "timeline": [{"what": "status", "text": "new → resolved (proved)", "actor": "rootward"}],
    "proof": ["b#2"],
    "blocks": [
        {"type": "Heading", "text": "Root", "level": 2},
        {"type": "Paragraph", "text": "It is down.", "cites": ["a#1"], "tone": "lead"},
        {"type": "Items", "items": [{"text": "So is nginx.", "cites": ["b#2"], "tone": ""}]},
    ],
}
PLACES = [
    ("diagnosis", "root", "supported_by"),
    ("diagnosis", "observations"),
    ("diagnosis", "members", 0, "supported_by"),
    ("diagnosis", "hypotheses", 0, "opposed_by"),
    ("diagnosis", "consequences", 0, "shown_by"),
    ("diagnosis", "ruled_out", 0, "by"),
    ("proof",),
    ("blocks", 1, "cites"),
]


def citing(place: tuple[Any, ...], ids: list[str]) -> dict[str, Any]:
    """The report with other ids in one place."""
    report = copy.deepcopy(REPORT)
    inner: Any = report
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = ids
    return report


def test_a_report_that_proves_all_it_says_passes() -> None:
    assert unproven(REPORT) == []


@pytest.mark.parametrize("place", PLACES)
def test_a_claim_without_an_observation_is_found(place: tuple[Any, ...]) -> None:
    [found] = unproven(citing(place, []))
    assert found.endswith("no observation")


@pytest.mark.parametrize("place", [*PLACES, ("blocks", 2, "items", 0, "cites")])
def test_an_observation_that_the_report_does_not_show_is_found(place: tuple[Any, ...]) -> None:
    [found] = unproven(citing(place, ["a#1", "z#9"]))
    assert found.endswith("z#9 not shown")


def test_a_storm_keeps_some_ids_of_each_claim_and_need_not_keep_all() -> None:
    report = citing(("diagnosis", "observations"), ["a#1", "z#9"])
    report["observations"] += [{"id": f"s#{number}"} for number in range(FULL)]
    assert unproven(report) == []


def test_what_a_person_resolved_needs_no_proof():
    report = citing(("proof",), [])
    report["timeline"].append({"what": "status", "text": "in_progress → resolved (replaced)", "actor": "ann"})
    assert unproven(report) == []
