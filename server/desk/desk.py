"""The tickets in memory, and the one way to change them: a draft, committed as a whole."""

from __future__ import annotations

from collections.abc import Callable

from rules.diagnosis import Diagnosis, Key
from server.desk.draft import Draft
from server.desk.maintenance import Window
from server.desk.states import Status
from server.desk.ticket import Ticket
from server.storage.database import Database
from server.storage.declarations import read_windows
from server.storage.tickets import read_latest_diagnoses, read_sequences, read_tickets, write_draft

DAY = 86_400.0
REMEMBERED = 30 * DAY
"""Tickets that ended longer ago are only on disk."""


class Desk:
    """Belongs to the diagnosis thread; others read the database or ask that thread."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        with database.reading() as connection:
            remembered = read_tickets(connection, since=clock() - REMEMBERED)
            self._sequences, self._next_id = read_sequences(connection)
            stored = read_latest_diagnoses(connection)
            self.windows: list[Window] = read_windows(connection, clock())
        self.tickets: dict[str, Ticket] = {ticket.id: ticket for ticket in remembered}
        self.diagnoses: dict[str, Diagnosis] = {
            number: diagnosis for number, diagnosis in stored.items() if number in self.tickets
        }

    def open_tickets(self) -> list[Ticket]:
        """Oldest first."""
        found = (ticket for ticket in self.tickets.values() if ticket.open)
        return sorted(found, key=lambda ticket: (ticket.opened_at, int(ticket.id)))

    def watches(self, key: Key) -> bool:
        """Does an open ticket wait for this look to pass?"""
        return any(key in ticket.watch for ticket in self.tickets.values() if ticket.open)

    def draft(self) -> Draft:
        return Draft(self.tickets, dict(self._sequences), self._next_id)

    def commit(self, draft: Draft) -> None:
        """Returns once it is on disk; nothing changes in memory when that fails."""
        if not draft:
            return
        self._database.writer.run(lambda connection: write_draft(connection, draft)).result()
        self.tickets.update(draft.changed)
        for ticket, _number, _at, diagnosis in draft.diagnoses:
            self.diagnoses[ticket] = diagnosis
        for event in draft.events:
            self._sequences[event.ticket] = event.seq
        self._next_id = max([self._next_id, *(int(number) + 1 for number in draft.changed)])

    def forget_old(self, now: float) -> None:
        """Bounds memory: what ended long ago is asked from disk when somebody wants it."""
        for number, ticket in list(self.tickets.items()):
            ended = not ticket.open and ticket.status is not Status.RESOLVED
            if ended and ticket.updated_at < now - REMEMBERED:
                del self.tickets[number]
                self.diagnoses.pop(number, None)

    def reload_windows(self, now: float) -> None:
        with self._database.reading() as connection:
            self.windows = read_windows(connection, now)
