"""What ``rootward explain`` shows, of a drill as it was recorded in the lab."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import msgspec
import pytest

from rules.catalogue import load_catalogue
from rules.diagnosis import Diagnosis
from rules.report import render
from rules.report.evidence_dot import evidence_dot
from rules.report.evidence_graph import LinkKind, NodeKind, evidence_graph
from rules.report.explained import explained
from rules.report.view import ReportView, TicketFacts
from server.recording.file import read_recording
from server.recording.rerun import rerun

RECORDING = Path(__file__).parent.parent / "recorded" / "gateway_acl-1.jsonl.gz"


@pytest.fixture(scope="module")
def view(tmp_path_factory) -> ReportView:
    folder = tmp_path_factory.mktemp("rerun")
    told = rerun(partial(read_recording, RECORDING), folder, load_catalogue())[0]
    ticket = told.ticket
    assert told.diagnosis is not None
    facts = TicketFacts(
        id=ticket.id, fault=ticket.fault, entity=ticket.entity, domain=ticket.domain, type=ticket.type
    )
    return ReportView(ticket=facts, diagnosis=told.diagnosis, observations=ticket.observations, at=0.0)


def with_diagnosis(view: ReportView, **changes: object) -> ReportView:
    return msgspec.structs.replace(view, diagnosis=msgspec.structs.replace(view.diagnosis, **changes))


def test_every_step_has_its_cost_and_the_beliefs_before_it(view):
    assert view.diagnosis.steps
    for step in view.diagnosis.steps:
        assert step.cost > 0
        assert step.before
        assert len(step.tried) == len(step.tests)


def test_a_step_that_ended_tells_the_outcome_of_each_test_or_why_there_is_none(view):
    ended = [step for step in view.diagnosis.steps if step.after]
    assert ended
    for tried in (tried for step in ended for tried in step.tried):
        assert (tried.outcome and tried.answer) or tried.why_not


def test_what_a_step_ruled_out_was_thought_of_before_it(view):
    for step in view.diagnosis.steps:
        before = {(each.fault, each.entity) for each in step.before}
        assert {(each.fault, each.entity) for each in step.ruled_out} <= before


def test_what_speaks_for_the_root_weighs_more_than_nothing_and_what_speaks_against_less(view):
    root = view.diagnosis.root
    nats = {weight.observation: weight.nats for weight in root.weights}
    assert all(nats[id_] > 0 for id_ in root.supported_by)
    assert all(nats[id_] < 0 for id_ in root.opposed_by)


def test_the_tree_names_root_states_weights_ruled_out_and_steps(view):
    text = explained(view)
    root = view.diagnosis.root
    assert f"{root.fault} {root.entity}" in text
    for id_ in root.supported_by:
        assert id_ in text
    for title in ("leads to", "ruled out", "how it narrowed", "step 1, "):
        assert title in text


def test_the_graph_has_every_observation_that_is_cited_and_no_loose_end(view):
    graph = evidence_graph(view)
    ids = {node.id for node in graph.nodes}
    assert len(ids) == len(graph.nodes)
    assert {end for link in graph.links for end in (link.source, link.target)} <= ids
    assert set(view.diagnosis.root.supported_by) <= ids
    assert graph.nodes[0].kind is NodeKind.ROOT
    assert {link.kind for link in graph.links} >= {LinkKind.FOR, LinkKind.LEADS_TO, LinkKind.AGAINST}


def test_consequences_in_a_circle_are_told_once(view):
    first = view.diagnosis.consequences[0]
    back = msgspec.structs.replace(first, entity=first.because, because=first.entity)
    text = explained(with_diagnosis(view, consequences=(first, back)))
    assert text.count(f"because of {first.entity}") == 1


def test_no_text_of_a_host_makes_a_line_of_its_own(view):
    steps = [
        msgspec.structs.replace(
            step,
            tried=tuple(msgspec.structs.replace(t, answer="", why_not="no\nroot\u2028x") for t in step.tried),
        )
        for step in view.diagnosis.steps
    ]
    text = explained(with_diagnosis(view, steps=tuple(steps)))
    assert "no root x" in text
    assert [line for line in text.splitlines() if line == "root"] == ["root"]


def test_hostile_names_stay_inside_their_quotes_in_dot(view):
    root = msgspec.structs.replace(view.diagnosis.root, entity='service:w/"]; evil [label="\\')
    dot = evidence_dot(evidence_graph(with_diagnosis(view, root=root)))
    assert '\\"]; evil [label=\\"\\\\' in dot


@pytest.mark.parametrize(
    ("language", "title"), [("en", "How the diagnosis narrowed"), ("zh", "如何逐步缩小范围")]
)
def test_the_report_shows_the_narrowing_step_by_step(view, language, title):
    text = render(view, load_catalogue(), "md", language)
    assert title in text
    answers = [tried.answer for step in view.diagnosis.steps for tried in step.tried if tried.answer]
    kept = {each.id for each in view.observations}
    assert any(answer.replace("#", "\\#") in text for answer in answers if answer in kept)


def test_a_diagnosis_stored_by_an_earlier_version_is_still_read(view):
    stored = json.loads(msgspec.json.encode(view.diagnosis))
    for step in stored["steps"]:
        del step["tried"], step["ruled_out"]
    old = msgspec.json.decode(json.dumps(stored), type=Diagnosis)
    assert old.steps[0].tests[0] in explained(with_diagnosis(view, steps=old.steps))
