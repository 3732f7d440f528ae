"""Tickets are folds over their events."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from rules.diagnosis import Certainty, Diagnosis, Hypothesis
from rules.report.view import Cited
from server.desk.desk import Desk
from server.desk.states import OPEN, TRANSITIONS, Refused, Status
from server.desk.ticket import Derived, Event, apply_event, fold
from server.storage.database import Database
from server.storage.tickets import read_cited, read_diagnosis, read_events, read_ticket, read_tickets, repair
from wire.judgement import Reason, Verdict

KEY = ("web1", "svc.process", "service:web1/nginx")


def fields(name="nginx", **more):
    root = ("svc.process.down", f"service:web1/{name}")
    return {
        "title": {"en": f"{name} stopped", "zh": f"{name} 已停止"},
        "fault": root[0],
        "entity": root[1],
        "domain": "software",
        "type": "software_error",
        "impact": Derived(value="department", why=("a server",)),
        "urgency": Derived(value="high"),
        "priority": "high",
        "team": "systems",
        "hosts": ("web1",),
        "onset": 100.0,
        "root": root,
        "watch": (KEY,),
        **more,
    }


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(tmp_path / "rootward.db")
    yield made
    made.close()


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database, lambda: 200.0)


def diagnosis() -> Diagnosis:
    root = Hypothesis(
        fault="svc.process.down", entity="service:web1/nginx", probability=0.99, supported_by=("web1#1",)
    )
    return Diagnosis(
        root=root,
        certainty=Certainty.CONFIRMED,
        probability=0.99,
        entity=root.entity,
        onset=100.0,
        explains=(KEY,),
        observations=("web1#1",),
        hypotheses=(root,),
    )


def open_one(desk, name="nginx", **more):
    draft = desk.draft()
    ticket = draft.open(100.0, "opened", **fields(name, **more))
    desk.commit(draft)
    return ticket.id


def test_a_ticket_on_disk_is_what_its_events_tell(desk, database):
    number = open_one(desk)
    draft = desk.draft()
    draft.move(number, 110.0, Status.RESOLVED, "proved")
    desk.commit(draft)
    with database.reading() as connection:
        assert read_ticket(connection, int(number)) == fold(read_events(connection, int(number)))


def test_nothing_changes_in_memory_when_the_disk_refuses(desk):
    open_one(desk)
    draft = desk.draft()
    draft.open(110.0, "opened", **fields())
    with pytest.raises(IntegrityError):
        desk.commit(draft)
    assert len(desk.tickets) == 1


def test_two_open_tickets_never_share_a_root(desk):
    open_one(desk)
    with pytest.raises(IntegrityError):
        open_one(desk)


def test_a_resolved_ticket_lets_go_of_its_root(desk):
    first = open_one(desk)
    draft = desk.draft()
    draft.move(first, 110.0, Status.RESOLVED, "proved")
    desk.commit(draft)
    assert open_one(desk) != first


def test_a_root_changes_hands_in_one_transaction(desk):
    first, second = open_one(desk), open_one(desk, "db")
    draft = desk.draft()
    draft.move(first, 120.0, Status.MERGED, "explained", parent=second)
    draft.set(second, 120.0, "moved", root=("svc.process.down", "service:web1/nginx"))
    desk.commit(draft)
    assert desk.tickets[second].root[1] == "service:web1/nginx"
    assert desk.tickets[first].merged_into == second


def test_an_unchanged_field_leaves_no_event(desk):
    number = open_one(desk)
    draft = desk.draft()
    draft.set(number, 110.0, "again", team="systems", priority="high")
    assert draft.events == []


def test_the_diagnosis_and_what_it_cites_are_kept_with_the_ticket(desk, database):
    number = open_one(desk)
    seen = Cited(
        id="web1#1",
        host="web1",
        signal="svc.process",
        subject="service:web1/nginx",
        verdict=Verdict.FAIL,
        reason=Reason.STOPPED,
        at=100.0,
        since=100.0,
    )
    draft = desk.draft()
    draft.attach(number, 105.0, diagnosis(), [seen])
    desk.commit(draft)
    with database.reading() as connection:
        assert read_diagnosis(connection, int(number)) == diagnosis()
        assert read_cited(connection, int(number)) == [seen]


def test_after_a_restart_the_desk_knows_the_same(desk, database):
    number = open_one(desk)
    again = Desk(database, lambda: 300.0)
    assert again.tickets == desk.tickets
    assert open_one(again, "db") == str(int(number) + 1)


def test_repair_mends_a_row_that_its_events_do_not_tell(desk, database):
    number = open_one(desk)
    database.writer.run(
        lambda connection: connection.exec_driver_sql(
            "UPDATE ticket SET body = replace(body, 'systems', 'x')"
        )
    ).result()
    assert database.writer.run(repair).result() == [number]
    with database.reading() as connection:
        assert read_tickets(connection)[0].team == "systems"


def test_becoming_what_the_table_forbids_is_refused(desk):
    number = open_one(desk)
    with pytest.raises(Refused, match="cannot become closed"):
        desk.draft().move(number, 110.0, Status.CLOSED, "done")


def test_a_pending_ticket_waits_for_something_known(desk):
    number = open_one(desk, status=Status.IN_PROGRESS)
    with pytest.raises(Refused, match="waits for one of"):
        desk.draft().move(number, 110.0, Status.PENDING, "lunch")


steps = st.lists(
    st.tuples(
        st.sampled_from(["move", "set", "watch"]),
        st.sampled_from(list(Status)),
        st.integers(0, 3),
        st.text(max_size=8),
    ),
    max_size=25,
)


@given(steps=steps)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_following_each_event_is_the_same_as_replaying_all(desk, steps):
    draft = desk.draft()
    ticket = draft.open(1.0, "opened", **fields())
    for at, (kind, status, number, text) in enumerate(steps, start=2):
        if kind == "move":
            try:
                draft.move(ticket.id, at, status, text or "customer", assignee=text, parent="9")
            except Refused:
                continue
        elif kind == "set":
            draft.set(ticket.id, at, text, unstable=bool(number % 2), team=text, probability=number / 4)
        else:
            draft.watch(
                ticket.id, at, [("web1", "svc.port", f"service:web1/{n}") for n in range(number)], text
            )
    replayed: list[Event] = [event for event in draft.events if event.ticket == ticket.id]
    incremental = None
    for event in replayed:
        incremental = apply_event(incremental, event)
    assert incremental == fold(replayed) == draft.ticket(ticket.id)


def test_every_open_state_leads_to_an_end():
    for state in OPEN:
        assert any((state, end) in TRANSITIONS for end in (Status.RESOLVED, Status.CANCELLED))
