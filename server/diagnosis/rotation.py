"""Going round the fleet: some agents at a time, each when its turn comes, whatever the size of the site."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable


class Rotation:
    """Of a fleet no larger than ``at_once`` everybody is named each time."""

    def __init__(self, agents: Callable[[], tuple[str, ...]], at_once: int) -> None:
        self._agents = agents
        self._at_once = at_once
        self._waiting: deque[str] = deque()

    def next(self) -> list[str]:
        if len(self._waiting) < self._at_once:
            self._waiting.extend(self._agents())
        some = [self._waiting.popleft() for _ in range(min(self._at_once, len(self._waiting)))]
        return list(dict.fromkeys(some))
