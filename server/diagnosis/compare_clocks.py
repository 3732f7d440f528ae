"""Whose clock differs from the others? The server sees it of every agent, whatever the host itself knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from statistics import median
from typing import NamedTuple, Protocol

from rules.catalogue import Catalogue
from rules.topology import Topology
from server.clocks import Clock
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


class Clocks(Presences, Protocol):
    """And what is known of their clocks."""

    def clock(self, agent: str) -> Clock | None: ...


class _Told(NamedTuple):
    """What one clock shows."""

    behind: float
    """Seconds, by the server's clock."""
    error: float
    """Bound of what is not known of it, seconds."""


class CompareClocks:
    name = "compare_clocks"

    def __init__(
        self,
        catalogue: Catalogue,
        topology: Topology,
        standing: Standing,
        clocks: Clocks,
    ) -> None:
        self._look = OwnLook(catalogue.signals[SIGNAL], topology, standing)
        self._presence = clocks.presence
        self._clock = clocks.clock
        self._rotation = Rotation(clocks.agents, AT_ONCE)
        self._moved: dict[str, None] = {}
        self._at = 0.0

    def run(self, turn: Turn) -> None:
        self._moved.update(dict.fromkeys(each.agent for each in turn.arrived if each.clock_moved))
        if 0 <= turn.now - self._at < EVERY:
            return
        self._at = turn.now
        compared = dict(self._clocks(self._rotation.next(), turn.now))
        shifts = [told.behind for told in compared.values()]
        usual = median(shifts) if len(shifts) >= ENOUGH else 0.0
        compared.update(self._clocks(self._moved, turn.now))
        self._moved = {}
        for presence, told in compared.items():
            self._judge(presence, told.behind - usual, told.error, turn)

    def _clocks(self, agents: Iterable[str], now: float) -> Iterator[tuple[Presence, _Told]]:
        """Of those who are heard, as far as it is known by how much they are behind."""
        for agent in agents:
            presence, clock = self._presence(agent), self._clock(agent)
            if presence is None or clock is None or presence.overdue_at <= now:
                continue
            behind = clock.surely
            if behind is not None:
                yield presence, _Told(behind, clock.error)

    def _judge(self, presence: Presence, off: float, error: float, turn: Turn) -> None:
        subject = ids.host(presence.host)
        skewed = abs(off) >= SKEWED + error
        outcome = Reason.SKEWED if skewed else Reason.OK
        known = self._look.outcome(subject)
        if known is outcome:
            return
        if skewed or known is not None:
            turn.decide(self.name, Compared.SKEWED if skewed else Compared.AGREES_AGAIN, presence.host)
        behind = round(off, 1)
        evidence: Evidence = {"seconds_behind": behind}
        self._look.tell(subject, outcome, presence.last_heard, turn.now, evidence=evidence, value=behind)
