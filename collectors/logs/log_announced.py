"""Waits for the kernel's word that a followed file grew; where it gives none, for the time of a look."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

from collectors.awaiting import Bell
from collectors.logs.log_folder import Folder
from kernel.inotify import Announcements

POLL = 0.5
"""Seconds between two looks where nothing is announced. A look costs one stat per file."""
GAP = 0.2
"""Seconds between two looks at files that are written all the time."""
IDLE = 2.0
"""Seconds to wait for an announcement at one time."""


class Announced:
    """Of one set of files; belongs to the running loop."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._kernel: Announcements | None = None
        self._bell = Bell()
        self._complete = False
        """All of them are announced."""

    def __enter__(self) -> Self:
        try:
            self._kernel = Announcements()
        except OSError:  # this user has no more of them
            return self
        self._bell.add(self._kernel.fileno())
        self.renew()
        return self

    def renew(self) -> None:
        """The set of files changed."""
        self._complete = self._kernel is not None and self._folder.announced_by(self._kernel)

    async def news(self) -> bool:
        """Whether it is time to look; False after a while without an announcement."""
        if self._kernel is None or not self._complete:
            await asyncio.sleep(POLL)
            return True
        if not await self._bell.rung(IDLE):
            return False
        self._kernel.take()
        await asyncio.sleep(GAP)
        return True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bell.__exit__(kind, error, trace)
        if self._kernel is not None:
            self._kernel.close()
