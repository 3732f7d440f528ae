"""Everything a report may say: the ticket, its diagnosis, the observations it cites, what happened when."""

from __future__ import annotations

import msgspec

from rules.diagnosis import Diagnosis
from wire.entity import Entity
from wire.judgement import Reason, Scalar, Verdict
from wire.observation import Observation, observation_id


class Cited(msgspec.Struct, frozen=True, kw_only=True):
    """An observation that the diagnosis cites, kept as it was. Times are seconds by the server's clock."""

    id: str
    host: str
    signal: str
    subject: Entity
    verdict: Verdict
    reason: Reason
    value: float | None = None
    evidence: dict[str, Scalar] = {}
    at: float
    since: float


def cited(host: str, seen: Observation, *, at: float, since: float) -> Cited:
    return Cited(
        id=observation_id(host, seen.seq),
        host=host,
        signal=seen.signal,
        subject=seen.subject,
        verdict=seen.verdict,
        reason=seen.reason,
        value=seen.value,
        evidence=seen.evidence,
        at=at,
        since=since,
    )


class Happening(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the timeline."""

    at: float
    actor: str
    what: str
    text: str = ""


class TicketFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The ticket as the report shows it. Empty strings for what stands alone without a ticket."""

    id: str = ""
    status: str = ""
    fault: str
    entity: Entity
    domain: str
    type: str
    impact: str = ""
    urgency: str = ""
    priority: str = ""
    team: str = ""
    hosts: tuple[str, ...] = ()
    why: tuple[str, ...] = ()
    """How impact and urgency were derived."""
    opened_at: float | None = None
    updated_at: float | None = None
    resolved_at: float | None = None
    earlier: tuple[str, ...] = ()
    """Tickets about the same root within the thirty days before."""
    proposes_problem: bool = False


class ReportView(msgspec.Struct, frozen=True, kw_only=True):
    """What ``render`` turns into text."""

    ticket: TicketFacts
    diagnosis: Diagnosis
    observations: tuple[Cited, ...] = ()
    timeline: tuple[Happening, ...] = ()
    proof: tuple[str, ...] = ()
    """Ids of the observations that proved the repair."""
    at: float
    """When the report was made."""
