"""What was changed on the hosts of a ticket stands among what happened: readers ask for that first."""

from __future__ import annotations

import pytest

from rules.diagnosis import Certainty, Diagnosis, Hypothesis
from server.desk.change import Change
from server.desk.report_view import MOST_CHANGES, SHORTLY, report_view, told_between
from server.desk.routing import load_routing
from server.desk.ticket import Derived, Event, Ticket
from server.storage.database import Database
from server.storage.declarations import MAX_CHANGES, read_changes, write_change
from wire.inventory import Inventory, PackageChange

ONSET = 1_000_000.0
ROOT = Hypothesis(fault="svc.process.down", entity="service:web1/nginx", probability=1.0)
DIAGNOSIS = Diagnosis(
    root=ROOT, certainty=Certainty.CONFIRMED, probability=1.0, entity="service:web1/nginx", onset=ONSET
)
OPENED = Event(ticket="1", seq=1, at=ONSET + 2, actor="rootward", channel="engine", what="opened")


def ticket_of(ended=None):
    graded = Derived(value="high")
    return Ticket(
        id="1",
        fault=ROOT.fault,
        entity=ROOT.entity,
        title={"en": "", "zh": ""},
        domain="software",
        type="software_error",
        impact=graded,
        urgency=graded,
        priority="high",
        team="systems",
        opened_at=ONSET + 2,
        updated_at=ONSET + 2,
        resolved_at=ended,
        onset=ONSET,
        root=(ROOT.fault, ROOT.entity),
        hosts=("web1",),
    )


def happened(*inventories, ended=None):
    shown = report_view(
        ticket_of(ended),
        DIAGNOSIS,
        events=[OPENED],
        observations=[],
        routing=load_routing(),
        language="en",
        now=ONSET + 10,
        inventories=inventories,
    )
    return shown.timeline


def changed(host, *moments, name="nginx"):
    changes = (PackageChange(at=ONSET + at, action="upgrade", name=name, version="1.24") for at in moments)
    return Inventory(host=host, package_changes=tuple(changes))


def test_a_change_shortly_before_stands_before_the_ticket_opened():
    told = [(each.actor, each.what, each.text) for each in happened(changed("web1", -30.0))]
    assert told == [("web1", "upgrade", "nginx 1.24"), ("rootward", "opened", "")]


def test_a_change_of_another_host_is_not_told():
    assert len(happened(changed("web2", -30.0))) == 1


@pytest.mark.parametrize("moment", [-SHORTLY - 1, 100.0])
def test_a_change_long_before_or_after_the_end_is_not_told(moment):
    assert len(happened(changed("web1", moment), ended=ONSET + 60)) == 1


def test_of_many_changes_the_last_are_told():
    told = happened(changed("web1", *range(-300, 0)))
    assert [each.at - ONSET for each in told[:-1]] == list(range(-MOST_CHANGES, 0))


def test_the_name_of_a_package_cannot_break_the_line():
    (told, _) = happened(changed("web1", -30.0, name="nginx\n# root cause: none"))
    assert "\n" not in told.text


def test_what_was_told_after_the_end_pushes_nothing_out_that_was_told_before(tmp_path):
    def told(at):
        return Change(entity="host:web1", what="release", at=at, actor="ann", told_at=at)

    moments = [ONSET - 30, *(ONSET + 100 + number for number in range(MAX_CHANGES))]
    database = Database(tmp_path / "rootward.db")
    database.writer.run(lambda connection: [write_change(connection, told(at)) for at in moments]).result()
    between = told_between(ticket_of(ended=ONSET + 60), ONSET + 5000)
    with database.reading() as connection:
        assert [each.at for each in read_changes(connection, *between, MAX_CHANGES)] == [ONSET - 30]
    database.close()
