"""Waiting in the event loop for what the kernel announces on a file descriptor."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self


class Bell:
    """Rings when one of its descriptors becomes readable; belongs to the running loop."""

    def __init__(self, *descriptors: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()
        self._watched: set[int] = set()
        for descriptor in descriptors:
            self.add(descriptor)

    def add(self, descriptor: int) -> None:
        self._loop.add_reader(descriptor, self._ring, descriptor)
        self._watched.add(descriptor)

    def drop(self, descriptor: int) -> None:
        if descriptor in self._watched:
            self._loop.remove_reader(descriptor)
            self._watched.discard(descriptor)

    def _ring(self, descriptor: int) -> None:
        """A descriptor that stays readable rings once; ``rung`` listens to it again."""
        self._loop.remove_reader(descriptor)
        self._event.set()

    async def rung(self, within: float | None = None) -> bool:
        """Whether it rang within so many seconds."""
        for descriptor in self._watched:
            self._loop.add_reader(descriptor, self._ring, descriptor)
        try:
            await asyncio.wait_for(self._event.wait(), within)
        except TimeoutError:
            return False
        self._event.clear()
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for descriptor in self._watched:
            self._loop.remove_reader(descriptor)
        self._watched.clear()
