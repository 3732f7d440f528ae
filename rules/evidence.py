"""An observation as the engine weighs it: an outcome, its times, and the entities that it exercised."""

from __future__ import annotations

import msgspec

from rules.models import Role
from wire.entity import Entity
from wire.judgement import BY_FORM, Reason, Verdict
from wire.observation import Observation, observation_id

Exercised = tuple[Role, Entity]


def united(one: tuple[Exercised, ...], other: tuple[Exercised, ...]) -> tuple[Exercised, ...]:
    """What either way exercises; mostly they are the same."""
    return one if one == other else tuple(dict.fromkeys((*one, *other)))


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
    lasted: bool = False
    """It has failed on and on, and nothing explained it: by chance it does not."""
    by_form: bool = False
    """A log line that no signature knows: it was only read, and says as much as it is often misread."""
    intermittent: tuple[Reason, ...] = ()
    exercised: tuple[Exercised, ...]
    share: tuple[tuple[Entity, float], ...] = ()
    """Of several among which traffic is divided (members of a balanced group, equally short ways), the part
    that each gets (engine rule 6)."""

    @property
    def key(self) -> tuple[str, str, Entity]:
        return (self.observer, self.signal, self.subject)


class Dated(msgspec.Struct, frozen=True):
    """When an observation was so, by the clock of whoever weighs it."""

    since: float
    confirmed_at: float
    opposite_at: float | None = None
    clock_error: float = 0.0


def evidence_of(
    host: str,
    seen: Observation,
    dated: Dated,
    exercised: tuple[Exercised, ...],
    *,
    share: tuple[tuple[Entity, float], ...] = (),
    ended: bool = False,
    known: Evidence | None = None,
) -> Evidence:
    """``ended``: what made it intermittent was a trouble that is over. Not for a verdict of unknown.

    ``known``: what this key said before. A line that is only read takes nothing from one that a signature
    knew.
    """
    read = seen.evidence.get(BY_FORM) is True
    return Evidence(
        id=observation_id(host, seen.seq),
        observer=host,
        signal=seen.signal,
        subject=seen.subject,
        outcome=Reason.OK if seen.verdict is Verdict.PASS else seen.reason,
        since=dated.since,
        confirmed_at=dated.confirmed_at,
        opposite_at=dated.opposite_at,
        clock_error=dated.clock_error,
        confirmed=seen.confirmed,
        lasted=known is not None and known.lasted and known.since == dated.since,
        by_form=read and (known is None or known.outcome is Reason.OK or known.by_form),
        intermittent=() if ended else seen.intermittent,
        exercised=exercised,
        share=share,
    )
