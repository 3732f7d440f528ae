"""Whose silence is to be judged in this turn: a site of any size costs what happens in it, not its size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from heapq import heappop, heappush
from itertools import islice
from typing import Protocol

from server.diagnosis.rotation import Rotation
from server.entry import Applied, Presence
from wire.judgement import Reason

IN_ROTATION = 20
"""Agents that are looked at in a turn although nothing is known to have happened to them."""


class Presences(Protocol):
    """What is known of agents."""

    def agents(self) -> tuple[str, ...]: ...

    def presence(self, agent: str) -> Presence | None: ...

    def agent_of(self, host: str) -> str: ...


class Vigil:
    """Agents are looked at when they tell something, when their heartbeat is overdue, and in rotation."""

    def __init__(self, presences: Presences) -> None:
        self._presences = presences
        self._heap: list[tuple[float, str]] = []
        self._due: dict[str, float] = {}
        """Agent → when it is to be looked at; 0 where nobody waits for it."""
        self._doubtful: dict[str, None] = {}
        """Those who are late, or were never heard."""
        self._rotation = Rotation(presences.agents, IN_ROTATION)
        self.overdue: set[str] = set()
        """Agents whose heartbeat stays away."""

    @property
    def heard(self) -> Mapping[str, float]:
        """Agents that were heard at least once, as far as is known, with when each is to be looked at."""
        return self._due

    def whom(self, arrived: Iterable[Applied], hosts: Iterable[str], now: float) -> Iterator[Presence]:
        """``hosts``: those of whom something else is known that may matter."""
        chosen = dict.fromkeys(each.agent for each in arrived if each.agent)
        chosen.update(dict.fromkeys(self._presences.agent_of(host) for host in hosts))
        while self._heap and self._heap[0][0] < now:
            at, agent = heappop(self._heap)
            if self._due.get(agent) == at:
                self._due[agent] = 0.0
                chosen[agent] = None
        chosen.update(dict.fromkeys(list(islice(self._doubtful, IN_ROTATION))))
        chosen.update(dict.fromkeys(self._rotation.next()))
        for agent in chosen:
            presence = self._presences.presence(agent)
            if presence is None:
                self._due.pop(agent, None)
                self._doubtful.pop(agent, None)
                self.overdue.discard(agent)
            elif presence.last_heard > 0:
                yield presence

    def keep(self, presence: Presence, outcome: Reason) -> None:
        """It was looked at: when next?"""
        agent, late = presence.agent, outcome is not Reason.OK
        if outcome is Reason.OVERDUE:
            self.overdue.add(agent)
        else:
            self.overdue.discard(agent)
        self._doubtful.pop(agent, None)  # and to the end of the line
        if late or presence.goodbye:
            self._due[agent] = 0.0
            if late:
                self._doubtful[agent] = None
        elif self._due.get(agent) != presence.overdue_at:
            self._due[agent] = presence.overdue_at
            heappush(self._heap, (presence.overdue_at, agent))
