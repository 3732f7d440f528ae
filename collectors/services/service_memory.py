"""What is known of one watched service: what outlives the agent, and what was seen since it started."""

from __future__ import annotations

from collections import deque
from typing import Any

import msgspec

from collectors.host import Host
from collectors.services.listening import Door
from collectors.services.systemd import UnitState

KEY = "services"
DoorKey = tuple[str, int]
"""Protocol and port."""


class Remembered(msgspec.Struct):
    """What outlives the agent."""

    unit: str = ""
    process: str = ""
    command: str = ""
    doors: list[DoorKey] = []
    reached: list[DoorKey] = []
    """Those of them that other machines could reach, of late."""
    seen: float = 0.0
    """When it last listened, seconds since the epoch."""


class Watched:
    """One service, from the moment it is taken for one."""

    def __init__(self, remembered: Remembered) -> None:
        self.remembered = remembered
        self.pid = 0
        self.started = 0
        """Start of that process, which with its pid names it for ever."""
        self.pids: tuple[int, ...] = ()
        self.hidden = False
        self.faceless = False
        """Without a process of its own to look at: the kernel's, or one that starts when called."""
        self.doors: dict[DoorKey, Door] = {}
        self.withdrawn: dict[DoorKey, float] = {}
        """Doors at which only this machine itself is let in any more, and since when."""
        self.learnt_from = 0
        """Start of the process from which the doors were learnt."""
        self.restarts: deque[float] = deque(maxlen=32)
        self.stuck: dict[DoorKey, tuple[float, int]] = {}
        """Since when connections wait unaccepted at a door, and how many."""
        self.blocked_since: float | None = None
        self.gone_since: float | None = None
        self.unit_state: UnitState | None = None
        self.unit_asked = float("-inf")


def recall(host: Host) -> dict[str, Watched]:
    """The services that an earlier life of this agent watched; what cannot be read is forgotten."""
    found: dict[str, Watched] = {}
    kept: dict[str, Any] = host.remembered.get(KEY, {})
    for name, fields in kept.items():
        try:
            found[name] = Watched(msgspec.convert(fields, Remembered))
        except msgspec.ValidationError:
            continue
    return found


def keep(host: Host, watched: dict[str, Watched]) -> None:
    host.remembered[KEY] = {
        name: msgspec.to_builtins(one.remembered) for name, one in sorted(watched.items())
    }
