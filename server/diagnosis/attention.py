"""Which hosts should ask again soon, and whose flight recorder is wanted, after a turn."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

from rules.diagnosis import Key
from server.desk.scope import hosts_along
from server.desk.ticket import Note
from server.diagnosis.drill_down import DrillDown
from server.diagnosis.turn import Turn, root_of
from server.tasks import TaskDesk

MAX_SNAPSHOTS = 3
"""Hosts of one ticket whose recorder is read."""
MAX_ATTENDED = 200
FRESH = 60.0
"""Seconds for which a new ticket's hosts are attended; after that changes come by themselves."""


class Attention:
    def __init__(self, tasks: TaskDesk, drill_down: DrillDown, place: Callable[[Key], str]) -> None:
        self._place = place
        self._tasks = tasks
        self._drill_down = drill_down

    def turn_to(self, turn: Turn) -> None:
        settled = {
            ticket.root
            for ticket in turn.draft.tickets()
            if ticket.open and ticket.opened_at < turn.now - FRESH
        }
        wanted = [
            host
            for each in turn.diagnoses
            if root_of(each) not in settled
            for host in islice(hosts_along(each, self._place), MAX_ATTENDED)
        ]
        self._tasks.attend([*self._drill_down.hosts(), *wanted[:MAX_ATTENDED]])
        for event in turn.draft.events:
            if event.what == Note.OPENED:
                for host in turn.draft.ticket(event.ticket).hosts[:MAX_SNAPSHOTS]:
                    self._tasks.want_snapshot(host)
