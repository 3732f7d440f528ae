"""An observation as the engine weighs it: an outcome, its times, and the entities that it exercised."""

from __future__ import annotations

import msgspec

from rules.models import Role
from wire.entity import Entity
from wire.judgement import Reason

Exercised = tuple[Role, Entity]


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """The latest result of one key (observer, signal, subject). Times are seconds by the server's clock."""

    id: str
    """Observation id, ``web1#42``."""
    observer: str
    """Name of the host that looked; ``rootward`` for the server itself."""
    signal: str
    subject: Entity
    outcome: Reason
    """OK for pass; unknown results are no evidence and are not here."""
    since: float
    confirmed_at: float
    opposite_at: float | None = None
    clock_error: float = 0.0
    """Bound of what is not known of the observer's clock, seconds."""
    confirmed: bool = False
    intermittent: tuple[Reason, ...] = ()
    exercised: tuple[Exercised, ...]
    share: tuple[tuple[Entity, float], ...] = ()
    """Members of a balanced group and the part of the traffic that each gets (engine rule 6)."""

    @property
    def key(self) -> tuple[str, str, Entity]:
        return (self.observer, self.signal, self.subject)
