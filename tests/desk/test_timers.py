"""What time alone does to tickets, with a clock that the test turns."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from server.desk.desk import DAY, Desk
from server.desk.states import Status
from server.desk.ticket import Derived, Ticket
from server.diagnosis.timers import Timers, after_business_days
from server.diagnosis.turn import Turn
from server.storage.database import Database
from server.storage.tickets import read_events

HUMAN = ("ann", "web")


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


MONDAY = at("2026-03-02T14:30")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(tmp_path / "rootward.db")
    yield made
    made.close()


class Clocked:
    """A desk with one ticket, and the stage; as after a restart each time it is asked."""

    def __init__(self, database: Database) -> None:
        self.database = database
        desk = Desk(database, lambda: MONDAY)
        draft = desk.draft()
        root = ("svc.process.down", "service:web1/nginx")
        self.id = draft.open(
            MONDAY,
            "opened",
            title={"en": "nginx stopped", "zh": "nginx 已停止"},
            fault=root[0],
            entity=root[1],
            domain="software",
            type="software_error",
            impact=Derived(value="department"),
            urgency=Derived(value="high"),
            priority="high",
            team="systems",
            onset=MONDAY,
            root=root,
        ).id
        draft.move(self.id, MONDAY, Status.IN_PROGRESS, "", by=HUMAN)
        desk.commit(draft)

    def resolve(self, moment: float) -> None:
        desk = Desk(self.database, lambda: moment)
        draft = desk.draft()
        draft.move(self.id, moment, Status.RESOLVED, "repaired", by=HUMAN)
        desk.commit(draft)

    def wait_until(self, moment: float | None) -> None:
        desk = Desk(self.database, lambda: MONDAY)
        draft = desk.draft()
        draft.move(self.id, MONDAY, Status.PENDING, "vendor", by=HUMAN)
        draft.set(self.id, MONDAY, "vendor", by=HUMAN, resume_at=moment)
        desk.commit(draft)

    def ask(self, now: float, close_after: int = 5) -> Ticket:
        desk = Desk(self.database, lambda: now)
        stage = Timers(desk, close_after)
        for _ in range(2):
            turn = Turn(now, [], desk.draft())
            stage.run(turn)
            desk.commit(turn.draft)
        return desk.tickets[self.id]

    def moves(self) -> list[tuple[str, str]]:
        with self.database.reading() as connection:
            return [
                (each.after, each.reason)
                for each in read_events(connection, int(self.id))
                if each.what == "status" and each.actor == "rootward"
            ]


@pytest.fixture
def clocked(database: Database) -> Clocked:
    return Clocked(database)


@pytest.mark.parametrize(
    ("resolved", "days", "closes"),
    [
        ("2026-03-02T14:30", 5, "2026-03-09T14:30"),
        ("2026-03-06T23:59", 1, "2026-03-09T23:59"),
        ("2026-03-07T12:00", 1, "2026-03-10T00:00"),
        ("2026-03-08T23:00", 5, "2026-03-16T00:00"),
        ("2026-03-04T08:00", 10, "2026-03-18T08:00"),
    ],
)
def test_weekends_are_no_business_days(resolved, days, closes) -> None:
    assert after_business_days(at(resolved), days) == at(closes)


def test_a_resolved_ticket_closes_after_five_business_days(clocked) -> None:
    clocked.resolve(MONDAY)
    assert clocked.ask(MONDAY + 7 * DAY - 1).status is Status.RESOLVED
    assert clocked.ask(MONDAY + 7 * DAY).status is Status.CLOSED


def test_the_number_of_days_is_the_site_s(clocked) -> None:
    clocked.resolve(MONDAY)
    assert clocked.ask(MONDAY + DAY, close_after=1).status is Status.CLOSED


def test_it_closes_once_however_late_and_often_the_clock_is_asked(clocked) -> None:
    clocked.resolve(MONDAY)
    for later in (90, 91, 92):
        clocked.ask(MONDAY + later * DAY)
    assert clocked.moves() == [("closed", "nobody_objected")]


def test_a_closed_ticket_keeps_the_time_of_its_repair(clocked) -> None:
    clocked.resolve(MONDAY + 60)
    assert clocked.ask(MONDAY + 8 * DAY).resolved_at == MONDAY + 60


def test_a_pending_ticket_comes_back_at_its_time(clocked) -> None:
    clocked.wait_until(MONDAY + 2 * DAY)
    assert clocked.ask(MONDAY + 2 * DAY - 1).status is Status.PENDING
    again = clocked.ask(MONDAY + 2 * DAY)
    assert (again.status, again.resume_at) == (Status.IN_PROGRESS, None)
    assert clocked.moves() == [("in_progress", "resume_at")]


def test_a_pending_ticket_without_a_time_waits(clocked) -> None:
    clocked.wait_until(None)
    assert clocked.ask(MONDAY + 90 * DAY).status is Status.PENDING
