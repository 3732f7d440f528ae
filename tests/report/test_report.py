"""What a report says, and what it must never let through."""

from __future__ import annotations

from typing import Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.catalogue import load_catalogue
from rules.diagnosis import Certainty, Consequence, Diagnosis, Hypothesis, RuledOut, Step, Unchecked
from rules.models import State
from rules.report import render
from rules.report.view import Cited, Happening, ReportView, TicketFacts
from rules.report.words import Language
from wire.judgement import Reason, Verdict

CATALOGUE = load_catalogue()
ROOT = Hypothesis(
    fault="svc.process.down",
    entity="service:web1/nginx",
    probability=0.98,
    supported_by=("web1#7",),
)
RIVAL = Hypothesis(fault="host.down", entity="host:web1", probability=0.01)


def view(line: str = "connect() failed") -> ReportView:
    return ReportView(
        ticket=TicketFacts(
            id="17",
            status="new",
            fault=ROOT.fault,
            entity=ROOT.entity,
            domain="software",
            type="software_error",
            priority="high",
            team="Systems",
        ),
        diagnosis=Diagnosis(
            root=ROOT,
            certainty=Certainty.CONFIRMED,
            probability=0.98,
            entity=ROOT.entity,
            onset=1_800_000_000.0,
            explains=(("web1", "svc.process", ROOT.entity), ("ws1", "app.http", "endpoint:http://web1")),
            observations=("web1#7", "ws1#3"),
            hypotheses=(ROOT, RIVAL),
            consequences=(
                Consequence(
                    entity="service:web2/shop", state=State.ERROR, because=ROOT.entity, shown_by=("ws1#3",)
                ),
            ),
            ruled_out=(RuledOut(fault="host.down", entity="host:web1", by=("ws1#4",)),),
            unchecked=(Unchecked(signal="log.oom_kill", subject="host:web1", why="not_permitted"),),
            steps=(
                Step(
                    at=1_800_000_003.0,
                    tests=("svc.port service:web1/nginx by web1",),
                    before=(RIVAL,),
                    after=(ROOT,),
                ),
            ),
        ),
        observations=(
            Cited(
                id="web1#7",
                host="web1",
                signal="svc.process",
                subject=ROOT.entity,
                verdict=Verdict.FAIL,
                reason=Reason.STOPPED,
                evidence={"line": line},
                at=1_800_000_001.0,
                since=1_800_000_000.0,
            ),
        ),
        timeline=(Happening(at=1_800_000_004.0, actor="rootward", what="opened", text=line),),
        at=1_800_000_010.0,
    )


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_report_names_root_certainty_and_the_observations_behind_each_claim(language: Language) -> None:
    text = render(view(), CATALOGUE, "md", language)
    assert "service:web1/nginx" in text
    assert "98.0 %" in text
    for observation in ("web1#7", "ws1#3", "ws1#4"):
        assert observation.replace("#", "\\#") in text


def test_the_chinese_report_uses_the_chinese_words_of_the_fault() -> None:
    text = render(view(), CATALOGUE, "md", "zh")
    assert "根本原因" in text
    assert any("\u4e00" <= character <= "\u9fff" for character in text.splitlines()[0])


def test_markup_in_evidence_stays_text_in_html() -> None:
    text = render(view("<script>alert(1)</script>"), CATALOGUE, "html", "en")
    assert "<script" not in text
    assert "&lt;script&gt;" in text


@pytest.mark.parametrize("form", ["md", "html"])
@given(line=st.text(max_size=200))
def test_no_evidence_reaches_a_terminal_with_control_characters(
    form: Literal["md", "html"], line: str
) -> None:
    text = render(view(line), CATALOGUE, form, "en")
    assert not any(ord(character) < 32 and character != "\n" for character in text)
    assert "\x1b" not in text
    assert "\x9b" not in text


def test_the_json_report_is_one_document_with_view_and_blocks() -> None:
    document = msgspec.json.decode(render(view(), CATALOGUE, "json", "en"))
    assert document["diagnosis"]["root"]["entity"] == "service:web1/nginx"
    assert document["blocks"][0]["type"] == "Heading"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_fault_has_words_in_both_languages(language: Language) -> None:
    for fault in CATALOGUE.faults.values():
        assert fault.text[language].title, fault.id
