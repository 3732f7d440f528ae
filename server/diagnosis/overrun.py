"""When more arrives than can be weighed: forgets the single changes and reads the current state instead."""

from __future__ import annotations

import threading

from server.current import CurrentState
from server.diagnosis.standing import Standing
from server.entry import Applied

MAX_WAITING = 5_000
"""Batches that wait for their turn; a storm must not grow without bound."""
MAX_WAITING_LOOKS = 200_000
"""Results in them, some 200 MB."""


class Overrun:
    """Agents some of whose changes were passed over. ``note`` may be called from any thread."""

    def __init__(self, current: CurrentState, standing: Standing) -> None:
        self._current = current
        self._standing = standing
        self._lock = threading.Lock()
        self._agents: dict[str, str] = {}
        self.passed_over = 0
        """Batches of which only the outcome was weighed, since the start."""

    def note(self, applied: Applied) -> None:
        with self._lock:
            self._agents[applied.agent] = applied.host
            self.passed_over += 1

    def take(self, now: float) -> list[Applied]:
        """What stands now of each such agent, as if one batch had said it."""
        with self._lock:
            agents, self._agents = self._agents, {}
        if not agents:
            return []
        inventories = {each.host: each for each in self._current.inventories()}
        known = set(self._current.agents())
        caught_up = []
        for agent, host in agents.items():
            entries = self._current.entries(agent) if agent in known else []
            said = {(host, *entry.key) for entry in entries}
            gone = [key for key in self._standing.entries if key[0] == host and key not in said]
            caught_up.append(
                Applied(
                    agent=agent,
                    host=host,
                    received_at=now,
                    changed=tuple(entries),
                    retired=tuple(self._standing.entries[key] for key in gone),
                    gone=not self._current.agent_of(host),
                    inventory=inventories.get(host),
                )
            )
        return caught_up
