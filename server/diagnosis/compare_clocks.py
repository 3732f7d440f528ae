"""Whose clock differs from the others? The server sees it of every agent, whatever the host itself knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from statistics import median

from rules.catalogue import Catalogue
from rules.evidence import Dated, evidence_of
from rules.topology import Topology
from server.diagnosis.rotation import Rotation
from server.diagnosis.standing import SERVER, Standing
from server.diagnosis.turn import Turn
from server.diagnosis.vigil import Presences
from server.entry import Entry, Presence
from wire import entity as ids
from wire.judgement import Reason, Verdict
from wire.observation import Observation

SIGNAL = "agent.clock"
SKEWED = 5.0
"""Seconds beside what is not known of the clocks: a slow way alone must not look like a wrong clock."""
EVERY = 5.0
"""Seconds between two comparisons."""
AT_ONCE = 500
"""Agents that are compared in rotation, besides those whose clock has just moved."""
ENOUGH = 3
"""So many agents say by their majority what is right; of fewer, who differs from the server is wrong."""


class Compared(StrEnum):
    SKEWED = "skewed"
    AGREES_AGAIN = "agrees_again"


class CompareClocks:
    name = "compare_clocks"

    def __init__(
        self,
        catalogue: Catalogue,
        topology: Topology,
        standing: Standing,
        presences: Presences,
    ) -> None:
        self._signal = catalogue.signals[SIGNAL]
        self._topology = topology
        self._standing = standing
        self._presence = presences.presence
        self._rotation = Rotation(presences.agents, AT_ONCE)
        self._moved: dict[str, None] = {}
        self._seq = 0
        self._at = 0.0

    def run(self, turn: Turn) -> None:
        self._moved.update(dict.fromkeys(each.agent for each in turn.arrived if each.clock_moved))
        if 0 <= turn.now - self._at < EVERY:
            return
        self._at = turn.now
        compared = dict(self._shifts(self._rotation.next(), turn.now))
        usual = median(compared.values()) if len(compared) >= ENOUGH else 0.0
        compared.update(self._shifts(self._moved, turn.now))
        self._moved = {}
        for presence, shift in compared.items():
            self._judge(presence, shift - usual, turn)

    def _shifts(self, agents: Iterable[str], now: float) -> Iterator[tuple[Presence, float]]:
        """By how much their clocks are behind, of those who are heard and of whom it is known."""
        for agent in agents:
            presence = self._presence(agent)
            if presence is not None and presence.behind is not None and presence.overdue_at > now:
                yield presence, presence.behind

    def _judge(self, presence: Presence, off: float, turn: Turn) -> None:
        known = self._standing.evidence.get((SERVER, SIGNAL, ids.host(presence.host)))
        skewed = abs(off) >= SKEWED + presence.clock_error
        outcome = Reason.SKEWED if skewed else Reason.OK
        if known is not None and known.outcome is outcome:
            return
        if skewed or known is not None:
            turn.decide(self.name, Compared.SKEWED if skewed else Compared.AGREES_AGAIN, presence.host)
        entry = self._entry(presence, outcome, off, None if known is None else presence.last_heard)
        exercised = self._topology.exercised(SERVER, self._signal, entry.observation.subject, None)
        dated = Dated(entry.since, entry.confirmed_at, entry.opposite_at)
        self._standing.put(evidence_of(SERVER, entry.observation, dated, exercised), entry, turn.now)

    def _entry(self, presence: Presence, outcome: Reason, off: float, opposite_at: float | None) -> Entry:
        at = presence.last_heard
        self._seq = max(self._seq + 1, int(at * 1000))  # rises over restarts too
        seen = Observation(
            seq=self._seq,
            signal=SIGNAL,
            subject=ids.host(presence.host),
            verdict=Verdict.PASS if outcome is Reason.OK else Verdict.FAIL,
            reason=outcome,
            at=at,
            since=at,
            opposite_at=opposite_at,
            value=round(off, 1),
            confirmed=True,  # one delivery that took long is not counted as a difference
            evidence={"seconds_behind": round(off, 1)},
        )
        return Entry(
            host=SERVER,
            observation=seen,
            since=at,
            confirmed_at=at,
            opposite_at=opposite_at,
            clock_error=0.0,
        )
