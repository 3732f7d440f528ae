"""A long ticket's report shows each look once, and every observation that it names."""

from __future__ import annotations

import pytest

from rules.diagnosis import Certainty, Diagnosis, Hypothesis
from rules.report.view import Cited
from server.desk.report_view import report_view
from server.desk.routing import load_routing
from server.desk.ticket import Derived, Event, Ticket
from wire.judgement import Reason, Verdict

ROOT = Hypothesis(
    fault="svc.process.down", entity="service:web1/nginx", probability=1.0, supported_by=("web1#2",)
)
DIAGNOSIS = Diagnosis(
    root=ROOT, certainty=Certainty.CONFIRMED, probability=1.0, entity="service:web1/nginx", onset=0.0
)


def seen(number: int, signal: str) -> Cited:
    return Cited(
        id=f"web1#{number}",
        host="web1",
        signal=signal,
        subject="service:web1/nginx",
        verdict=Verdict.FAIL,
        reason=Reason.STOPPED,
        at=float(number),
        since=0.0,
    )


@pytest.fixture
def ticket() -> Ticket:
    graded = Derived(value="high", source="rule")
    return Ticket(
        id="1",
        fault="svc.process.down",
        entity="service:web1/nginx",
        title={"en": "", "zh": ""},
        domain="software",
        type="software_error",
        impact=graded,
        urgency=graded,
        priority="high",
        team="systems",
        opened_at=0.0,
        updated_at=0.0,
        onset=0.0,
        root=("svc.process.down", "service:web1/nginx"),
    )


def view(ticket, *, observations=(), events=()):
    return report_view(
        ticket,
        DIAGNOSIS,
        events=list(events),
        observations=list(observations),
        routing=load_routing(),
        language="en",
        now=10.0,
    )


def test_of_repeats_that_nothing_rests_on_the_last_is_shown(ticket):
    told = [seen(number, "svc.process") for number in range(1, 6)]
    assert [each.id for each in view(ticket, observations=told).observations] == ["web1#2", "web1#5"]


def test_a_value_derived_anew_that_stayed_the_same_is_no_event(ticket):
    before, after = {"value": "high", "why": []}, {"value": "high", "why": ["4 hosts"]}
    event = Event(
        ticket="1",
        seq=2,
        at=1.0,
        actor="rootward",
        channel="engine",
        what="impact",
        before=before,
        after=after,
    )
    assert view(ticket, events=[event]).timeline == ()
