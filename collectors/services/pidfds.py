"""Descriptors that become readable when a process ends (pidfd_open(2))."""

from __future__ import annotations

import os
import select
from collections.abc import Set as AbstractSet
from types import TracebackType
from typing import Self

from collectors.awaiting import Bell

MOST = 256
"""Processes beyond these are still polled."""


class Pidfds:
    """One for each watched process; all ring the same bell."""

    def __init__(self, bell: Bell) -> None:
        self._bell = bell
        self._open: dict[int, int] = {}

    def watch(self, pids: AbstractSet[int]) -> None:
        """Exactly these from now on."""
        for pid in self._open.keys() - pids:
            self._close(pid)
        for pid in sorted(pids - self._open.keys())[: MOST - len(self._open)]:
            try:
                descriptor = os.pidfd_open(pid)
            except OSError:  # it ended just now: the next look at the process table tells
                continue
            self._open[pid] = descriptor
            self._bell.add(descriptor)

    def ended(self) -> set[int]:
        """Those that ended; they are watched no longer."""
        poll = select.poll()
        by_descriptor = {descriptor: pid for pid, descriptor in self._open.items()}
        for descriptor in by_descriptor:
            poll.register(descriptor, select.POLLIN)
        gone = {by_descriptor[descriptor] for descriptor, _ in poll.poll(0)}
        for pid in gone:
            self._close(pid)
        return gone

    def _close(self, pid: int) -> None:
        descriptor = self._open.pop(pid)
        self._bell.drop(descriptor)
        os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pid in list(self._open):
            self._close(pid)
