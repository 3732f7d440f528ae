"""Stage 9: what time alone does to tickets. Those resolved long enough close, those put off come back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum

from server.desk.desk import Desk
from server.desk.states import Status
from server.desk.ticket import Ticket
from server.diagnosis.turn import Turn

CLOSE_AFTER = 5
"""Business days in which the customer may object to a repair."""
HOUR = 3600.0
SATURDAY = 5


class Due(StrEnum):
    NOBODY_OBJECTED = "nobody_objected"
    RESUME_AT = "resume_at"


class Timers:
    """Idempotent: what a ticket's state and times say is done once, however often and late it is asked."""

    name = "timers"

    def __init__(self, desk: Desk, close_after: int = CLOSE_AFTER) -> None:
        self._desk = desk
        self._close_after = close_after
        self._forgot_at = 0.0

    def run(self, turn: Turn) -> None:
        for ticket in turn.draft.tickets():
            if ticket.status is Status.RESOLVED and self._may_close(ticket, turn.now):
                turn.draft.move(ticket.id, turn.now, Status.CLOSED, Due.NOBODY_OBJECTED)
                turn.decide(self.name, Due.NOBODY_OBJECTED, ticket.id)
            elif ticket.status is Status.PENDING and _passed(ticket.resume_at, turn.now):
                turn.draft.move(ticket.id, turn.now, Status.IN_PROGRESS, Due.RESUME_AT)
                turn.draft.set(ticket.id, turn.now, Due.RESUME_AT, resume_at=None)
                turn.decide(self.name, Due.RESUME_AT, ticket.id)
        if turn.now - self._forgot_at > HOUR:
            self._forgot_at = turn.now
            self._desk.forget_old(turn.now)

    def _may_close(self, ticket: Ticket, now: float) -> bool:
        resolved = ticket.resolved_at
        if resolved is None or now - resolved < self._close_after * 24 * HOUR:
            return False  # nearly all, and without a calendar
        return after_business_days(resolved, self._close_after) <= now


def after_business_days(moment: float, days: int) -> float:
    """The same time of day so many days of Monday to Friday later, UTC; a weekend begins on Monday, 0:00."""
    at = datetime.fromtimestamp(moment, UTC)
    while at.weekday() >= SATURDAY:
        at = (at + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    for _ in range(days):
        at += timedelta(days=1)
        while at.weekday() >= SATURDAY:
            at += timedelta(days=1)
    return at.timestamp()


def _passed(moment: float | None, now: float) -> bool:
    return moment is not None and moment <= now
