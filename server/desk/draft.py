"""What one turn wants to change at the desk; written in one transaction, or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from rules.diagnosis import Diagnosis, Key
from rules.report.view import Cited
from server.desk.states import Status, check_transition
from server.desk.ticket import Event, Note, Ticket, apply_event

ROOTWARD = "rootward"
"""The actor of automatic changes."""
AUTOMATIC = (ROOTWARD, "diagnosis")
"""Who changes and over which channel, unless a person does."""


class Draft:
    """Events by ticket on top of what is written already."""

    def __init__(self, tickets: dict[str, Ticket], sequences: dict[str, int], next_id: int) -> None:
        self._written = tickets
        self._sequences = sequences
        self._next_id = next_id
        self.changed: dict[str, Ticket] = {}
        self.events: list[Event] = []
        self.diagnoses: list[tuple[str, int, float, Diagnosis]] = []
        self.cited: list[tuple[str, Cited]] = []

    def __bool__(self) -> bool:
        return bool(self.events or self.cited)

    def ticket(self, ticket_id: str) -> Ticket:
        """Raises KeyError for an unknown ticket."""
        return self.changed.get(ticket_id) or self._written[ticket_id]

    def tickets(self) -> Iterable[Ticket]:
        """Every ticket in memory, with this draft's changes, oldest first."""
        merged = {**self._written, **self.changed}
        return sorted(merged.values(), key=lambda each: (each.opened_at, int(each.id)))

    def open(self, at: float, reason: str, **fields: Any) -> Ticket:
        """Opens a ticket; returns it."""
        ticket_id = str(self._next_id)
        self._next_id += 1
        ticket = Ticket(id=ticket_id, opened_at=at, updated_at=at, **fields)
        self._append(ticket_id, at, Note.OPENED, None, msgspec.to_builtins(ticket), reason)
        return self.ticket(ticket_id)

    def set(
        self,
        ticket_id: str,
        at: float,
        reason: str,
        *,
        by: tuple[str, str] = AUTOMATIC,
        **fields: Any,
    ) -> None:
        """Changes fields; those that are already so leave no event."""
        for what, value in fields.items():
            before = getattr(self.ticket(ticket_id), what)
            if before != value:
                self._append(
                    ticket_id,
                    at,
                    what,
                    msgspec.to_builtins(before),
                    msgspec.to_builtins(value),
                    reason,
                    by,
                )

    def watch(self, ticket_id: str, at: float, keys: Iterable[Key], reason: str) -> None:
        """Replaces the watched symptoms; the event tells the difference."""
        before, after = self.ticket(ticket_id).watch, tuple(dict.fromkeys(keys))
        if before == after:
            return
        old, new = set(before), set(after)
        dropped = [list(key) for key in before if key not in new]
        added = [list(key) for key in after if key not in old]
        if dropped or added:
            self._append(ticket_id, at, "watch", dropped, added, reason)

    def move(
        self,
        ticket_id: str,
        at: float,
        status: Status,
        reason: str,
        *,
        by: tuple[str, str] = AUTOMATIC,
        assignee: str = "",
        parent: str = "",
    ) -> None:
        """Changes the state. Raises Refused where the table does not allow it."""
        before = self.ticket(ticket_id).status
        check_transition(before, status, reason=reason, assignee=assignee, parent=parent)
        if assignee:
            self.set(ticket_id, at, reason, by=by, assignee=assignee)
        if parent:
            self.set(ticket_id, at, reason, by=by, merged_into=parent)
        if before != status:
            self._append(ticket_id, at, "status", before.value, status.value, reason, by)

    def note(
        self,
        ticket_id: str,
        at: float,
        what: Note,
        content: Any,
        reason: str = "",
        *,
        by: tuple[str, str] = AUTOMATIC,
    ) -> None:
        self._append(ticket_id, at, what, None, content, reason, by)

    def attach(self, ticket_id: str, at: float, diagnosis: Diagnosis, cited: Iterable[Cited]) -> None:
        """Keeps the diagnosis as the ticket's latest, with the observations that it cites."""
        number = self.ticket(ticket_id).diagnosis + 1
        self.diagnoses.append((ticket_id, number, at, diagnosis))
        self.set(
            ticket_id,
            at,
            "diagnosed",
            diagnosis=number,
            verdict=diagnosis.certainty,
            probability=round(diagnosis.probability, 4),
        )
        self.cite(ticket_id, cited)

    def cite(self, ticket_id: str, cited: Iterable[Cited]) -> None:
        self.cited.extend((ticket_id, each) for each in cited)

    def _append(  # noqa: PLR0917  # the columns of one event, in their order
        self,
        ticket_id: str,
        at: float,
        what: str,
        before: Any,
        after: Any,
        reason: str,
        by: tuple[str, str] = AUTOMATIC,
    ) -> None:
        seq = self._sequences.get(ticket_id, 0) + 1
        self._sequences[ticket_id] = seq
        event = Event(
            ticket=ticket_id,
            seq=seq,
            at=at,
            actor=by[0],
            channel=by[1],
            what=str(what),
            before=before,
            after=after,
            reason=str(reason),
        )
        self.events.append(event)
        current = self.changed.get(ticket_id) or self._written.get(ticket_id)
        self.changed[ticket_id] = apply_event(current, event)
