"""Which diagnosis belongs to which ticket (engine rule 13); pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from rules.diagnosis import Diagnosis, Key
from server.desk.ticket import Ticket
from server.diagnosis.keys import keys_of, shared
from server.diagnosis.turn import root_of


def match(diagnoses: Iterable[Diagnosis], tickets: Iterable[Ticket]) -> dict[int, Ticket]:
    """Index of the diagnosis → its ticket. One to one: most shared symptoms, then same root, then oldest."""
    chosen: dict[int, Ticket] = {}
    taken: set[str] = set()
    pairs = []
    held = list(tickets)
    for index, diagnosis in enumerate(diagnoses):
        root = root_of(diagnosis)
        for ticket in held:
            common = shared(diagnosis.explains, ticket.watch)
            same = root == ticket.root
            if common or same:
                pairs.append((-common, not same, ticket.opened_at, int(ticket.id), index, ticket))
    for *_, index, ticket in sorted(pairs, key=lambda pair: pair[:5]):
        if index not in chosen and ticket.id not in taken:
            chosen[index] = ticket
            taken.add(ticket.id)
    return chosen


def absorber(
    ticket: Ticket, failing: Collection[Key], matched: Iterable[tuple[Diagnosis, Ticket]]
) -> Ticket | None:
    """The ticket whose root now explains most of what still fails of the other, if there is one."""
    still = [key for key in ticket.watch if key in failing]
    for diagnosis, parent in matched:
        explained = keys_of(diagnosis.explains)
        if still and 2 * sum(key in explained for key in still) > len(still):
            return parent
    return None
