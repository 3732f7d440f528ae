"""What the server judges by itself, from what many hosts told it, stands beside what hosts see."""

from __future__ import annotations

from rules.evidence import Dated, evidence_of
from rules.models import Signal
from rules.topology import Topology
from server.diagnosis.standing import SERVER, Standing
from server.entry import Entry
from wire.entity import Entity
from wire.judgement import Evidence, Reason, Verdict
from wire.observation import Observation


class OwnLook:
    """All looks of one signal whose observer is the server."""

    def __init__(self, signal: Signal, topology: Topology, standing: Standing) -> None:
        self._signal = signal
        self._topology = topology
        self._standing = standing

    def outcome(self, subject: Entity) -> Reason | None:
        """As it stands; None where it was never judged."""
        known = self._standing.evidence.get((SERVER, self._signal.name, subject))
        return None if known is None else known.outcome

    def is_news(self, subject: Entity, outcome: Reason) -> bool:
        """That nothing is wrong is none where nothing ever was."""
        return outcome is not (self.outcome(subject) or Reason.OK)

    def tell(
        self,
        subject: Entity,
        outcome: Reason,
        at: float,
        now: float,
        *,
        evidence: Evidence,
        value: float | None = None,
    ) -> None:
        """``at``: until when it is known to be so, by the server's clock."""
        opposite_at = None if self.outcome(subject) is None else at
        seen = Observation(
            seq=self._standing.number_own(at),
            signal=self._signal.name,
            subject=subject,
            verdict=Verdict.PASS if outcome is Reason.OK else Verdict.FAIL,
            reason=outcome,
            at=at,
            since=at,
            opposite_at=opposite_at,
            value=value,
            confirmed=True,
            evidence=evidence,
        )
        entry = Entry(
            host=SERVER,
            observation=seen,
            since=at,
            confirmed_at=at,
            opposite_at=opposite_at,
            clock_error=0.0,
        )
        exercised = self._topology.exercised(SERVER, self._signal, subject, None)
        dated = Dated(entry.since, entry.confirmed_at, entry.opposite_at)
        self._standing.put(evidence_of(SERVER, seen, dated, exercised), entry, now)
