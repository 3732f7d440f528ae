"""What every collector declares."""

from __future__ import annotations

from dataclasses import dataclass

from wire.judgement import Layer

SECOND = 1.0


@dataclass(frozen=True, kw_only=True)
class Collector:
    """Declared by each module as ``COLLECTOR``, beside ``def read(host: Host) -> Iterable[Judgement]``.

    A module may also have ``async def follow(host: Host) -> AsyncIterator[Judgement]`` for what the kernel
    announces by itself; ``read`` then is the slow safety net beside it.
    """

    signals: tuple[str, ...]
    layer: Layer
    interval: float = 15 * SECOND
    timeout: float = 5 * SECOND
    risky: bool = False
    """It may touch what can hang for ever (a mount, a device): it runs in the killable worker."""
    on_demand: bool = False
    """Only run by a drill-down task."""
    needs: tuple[str, ...] = ()
    """Capabilities without which it sees less: ``syslog`` …"""
    where: tuple[str, ...] = ()
    """Signs of what it reads: paths, globs, commands by name, ``option:`` and the name of an option that is
    set. Where there is none there is nothing to read, and the module is not even loaded. Empty: it reads on
    every host.
    """
