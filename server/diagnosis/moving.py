"""May a ticket move to another root, now that the diagnosis of its symptoms names one (engine rule 13)?"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from itertools import chain

from rules.catalogue import Catalogue
from rules.diagnosis import Certainty, Diagnosis, Key
from rules.models import UNMODELLED
from server.desk.draft import Draft
from server.desk.ticket import Ticket
from server.diagnosis.keys import keys_of
from server.diagnosis.standing import Standing
from server.diagnosis.turn import Turn, root_of
from wire.judgement import Reason

ANSWERED = frozenset([Reason.SLOW, Reason.LOSS])
STANDS_RECOVERING = 10.0
"""Seconds for which another root must stand before a ticket that recovers moves to it."""


class Move(StrEnum):
    MOVED = "root_moved"
    KEPT_WHILE_RECOVERING = "root_kept_while_recovering"
    KEPT_UNSURE = "root_kept_unsure"


class Moving:
    """Remembers to which other root the symptoms of each ticket point, and since when."""

    def __init__(self, catalogue: Catalogue, standing: Standing, diagnoses: Mapping[str, Diagnosis]) -> None:
        """``diagnoses``: what was stored last, by ticket."""
        self._catalogue = catalogue
        self._standing = standing
        self._diagnoses = diagnoses
        self._drawn: dict[str, tuple[tuple[str, str], float]] = {}

    def forget(self, ticket: str) -> None:
        """Its symptoms point to its own root."""
        self._drawn.pop(ticket, None)

    def decide(self, diagnosis: Diagnosis, ticket: Ticket, turn: Turn) -> Move:
        root = root_of(diagnosis)
        fault = self._catalogue.faults.get(root[0])
        unsure = diagnosis.certainty is Certainty.INCONCLUSIVE
        vaguer = root[0].startswith(UNMODELLED) and not ticket.fault.startswith(UNMODELLED)
        if unsure or vaguer or held(turn.draft, root) or fault is None or not fault.ticket:
            return Move.KEPT_UNSURE
        if self.is_remainder(diagnosis, ticket):
            return Move.KEPT_WHILE_RECOVERING
        if self._has_begun_to_recover(ticket) and not self._drawn_long(ticket, root, turn.now):
            return Move.KEPT_WHILE_RECOVERING
        return Move.MOVED

    def is_remainder(self, diagnosis: Diagnosis, ticket: Ticket) -> bool:
        """Symptoms end one by one; what is left of them must not look like another root, or a vaguer one."""
        others = keys_of(diagnosis.explains) - keys_of(ticket.watch)
        new = any(self._standing.lasting(key) for key in others)
        return not new and self._has_begun_to_recover(ticket)

    def _has_begun_to_recover(self, ticket: Ticket) -> bool:
        """What comes and goes has not; and a ticket that only says where has no root to keep.

        A look that was asked for once and showed the root is not watched, and tells as much when it passes.
        """
        if ticket.fault.startswith(UNMODELLED):
            return False
        said = self._diagnoses.get(ticket.id)
        shown = chain(ticket.watch, said.explains if said is not None else ())
        return any(self._recovers(key, ticket) for key in shown)

    def _recovers(self, key: Key, ticket: Ticket) -> bool:
        """The first answer after none comes late, or not each time."""
        seen = self._standing.evidence.get(key)
        if seen is None or key not in self._standing.failing:
            steady = seen is None or not seen.intermittent
            return steady and self._standing.fresh_pass(key) is not None
        return seen.outcome in ANSWERED and seen.since > ticket.opened_at and not seen.intermittent

    def _drawn_long(self, ticket: Ticket, root: tuple[str, str], now: float) -> bool:
        """Repairs, too, make symptoms: they are gone soon."""
        known, since = self._drawn.get(ticket.id, (root, now))
        if known != root:
            since = now
        self._drawn[ticket.id] = (root, since)
        return now - since >= STANDS_RECOVERING


def held(draft: Draft, root: tuple[str, str]) -> bool:
    """Does an open ticket have this root already?"""
    return any(ticket.open and ticket.root == root for ticket in draft.tickets())
