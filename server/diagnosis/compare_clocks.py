"""Whose clock differs from the others? The server sees it of every agent, whatever the host itself knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from statistics import median

from rules.catalogue import Catalogue
from rules.topology import Topology
from server.diagnosis.own_look import OwnLook
from server.diagnosis.rotation import Rotation
from server.diagnosis.standing import Standing
from server.diagnosis.turn import Turn
from server.diagnosis.vigil import Presences
from server.entry import Presence
from wire import entity as ids
from wire.judgement import Evidence, Reason

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
        self._look = OwnLook(catalogue.signals[SIGNAL], topology, standing)
        self._presence = presences.presence
        self._rotation = Rotation(presences.agents, AT_ONCE)
        self._moved: dict[str, None] = {}
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
        subject = ids.host(presence.host)
        skewed = abs(off) >= SKEWED + presence.clock_error
        outcome = Reason.SKEWED if skewed else Reason.OK
        known = self._look.outcome(subject)
        if known is outcome:
            return
        if skewed or known is not None:
            turn.decide(self.name, Compared.SKEWED if skewed else Compared.AGREES_AGAIN, presence.host)
        behind = round(off, 1)
        evidence: Evidence = {"seconds_behind": behind}
        self._look.tell(subject, outcome, presence.last_heard, turn.now, evidence=evidence, value=behind)
