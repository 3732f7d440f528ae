"""Follows one log file from where it stands: growth, truncation, partial lines."""

from __future__ import annotations

import os
from collections.abc import Iterator

import msgspec

from collectors.logs.log_lines import Lines

BLOCK = 1024 * 1024
TURN = 4 * BLOCK
"""Bytes read at one turn, so that no file starves the others."""
BACKLOG = 64 * 1024 * 1024
"""Bytes behind which the reader gives up the oldest; they are counted."""

Identity = tuple[int, int]


class Position(msgspec.Struct):
    """Where a file was left, to go on there after a restart."""

    device: int
    inode: int
    offset: int
    at: float


class Tail:
    """``offset`` is where to begin; beyond the end means at the end."""

    def __init__(self, path: str, up_to_date_at: float, offset: int | None = None) -> None:
        self.path = path
        self.up_to_date_at = up_to_date_at
        """When there was nothing in it that was not read, seconds since the epoch."""
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        status = os.fstat(self._descriptor)
        self.identity: Identity = (status.st_dev, status.st_ino)
        self.offset = status.st_size if offset is None or offset > status.st_size else offset
        self.skipped = 0
        """Bytes that were not read because the writer was too fast."""
        self._lines = Lines()
        self._cut = 0

    def read(self, now: float) -> Iterator[bytes]:
        """Blocks of whole lines, up to a turn's worth."""
        self._catch_up()
        left = TURN
        while left > 0:
            data = os.pread(self._descriptor, min(BLOCK, left), self.offset)
            if not data:
                self.up_to_date_at = now
                return
            self.offset += len(data)
            left -= len(data)
            block = self._lines.feed(data)
            if block:
                yield block

    @property
    def drained(self) -> bool:
        return os.fstat(self._descriptor).st_size <= self.offset

    @property
    def unlinked(self) -> bool:
        return os.fstat(self._descriptor).st_nlink == 0

    def lost(self) -> tuple[int, int]:
        """Bytes skipped and lines cut since this was last asked."""
        lost, self.skipped = (self.skipped, self._cut + self._lines.cut), 0
        self._cut = -self._lines.cut
        return lost

    def close(self) -> bytes:
        """The last line, where it never got its end."""
        os.close(self._descriptor)
        return self._lines.flush()

    def _catch_up(self) -> None:
        size = os.fstat(self._descriptor).st_size
        if size < self.offset:  # truncated in place: what is there now is new
            self.offset = 0
            self._begin()
        if size - self.offset > BACKLOG:
            self.skipped += size - BACKLOG - self.offset
            self.offset = size - BACKLOG
            self._begin()

    def _begin(self) -> None:
        self._cut += self._lines.cut
        self._lines = Lines()
