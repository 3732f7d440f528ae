"""What every probe declares, and the door to the network through which it asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from wire.judgement import Layer

SECOND = 1.0


@dataclass(frozen=True, kw_only=True)
class Probe:
    """Declared by each module as ``PROBE``, beside ``async def ask(target, net)`` or ``ask_all``.

    ``ask`` returns one judgement or a sequence of them; ``ask_all`` takes every target of a round at once
    and returns the judgements of all. Deadline, retries, timing, logs and the conversion of exceptions to
    ``unknown`` belong to the runner.
    """

    signals: tuple[str, ...]
    """What it judges; the first one is its name as a check."""
    layer: Layer
    target: type[Any]
    """The struct of wire/target.py that it is asked about."""
    interval: float = 15 * SECOND
    timeout: float = 4 * SECOND
    """A dead neighbour answers EHOSTUNREACH only after about 3.1 s, so 3 s would make it look filtered."""
    needs: tuple[str, ...] = ()
    """Capabilities without which it answers ``not_permitted``: ``net_raw`` …"""


@dataclass(frozen=True)
class Net:
    """What a probe needs of the outside, so that tests can pass their own."""

    host: str
    """Name of the observing host."""
    clock: Callable[[], float]
    """Seconds since the epoch."""
    root: str = "/"
    """Where /proc and /sys are found."""
    memory: dict[str, Any] = field(default_factory=dict)
    """What a unit keeps between rounds (sockets, counters), private to the unit."""
    options: Mapping[str, str] = field(default_factory=dict)
