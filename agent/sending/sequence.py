"""Numbers that are never given twice, whatever stops the agent, and the marks kept beside them."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

BLOCK = 10_000
"""Numbers reserved by one synced write; at most so many are skipped by a crash."""
_SLOT = struct.Struct(">QQQQI")
_SPACING = 512
"""Bytes between the two slots: a torn sector spoils one of them only."""


class Sequence:
    """Two alternating checksummed slots in a file of fixed size, written in place.

    A number is given out only below a reservation that is already on disk (fdatasync), so neither kill -9
    nor power loss can bring one back; writing in place needs no room on a full disk.
    """

    def __init__(self, path: Path) -> None:
        """Raises OSError."""
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        if os.fstat(self._file).st_size < 2 * _SPACING:
            os.pwrite(self._file, bytes(2 * _SPACING), 0)
        self._generation, self._reserved, self.acked, self.dropped = self._newest()
        self.last = self._reserved
        """The highest number that may have been given out."""

    def next(self) -> int:
        """Raises OSError when a new block cannot be reserved; nothing was given out then."""
        if self.last >= self._reserved:
            self._reserve(self.last + BLOCK)
        self.last += 1
        return self.last

    def raise_to(self, number: int) -> None:
        """Give out nothing up to ``number`` any more: the server has seen it."""
        if number > self._reserved:
            self._reserve(number + BLOCK)
        self.last = max(self.last, number)

    def mark(self, acked: int, dropped: int) -> None:
        """Remember what was acknowledged and dropped. Not synced: losing it costs a repeated send."""
        self.acked, self.dropped = acked, dropped
        self._write()

    def close(self) -> None:
        os.close(self._file)

    def _reserve(self, up_to: int) -> None:
        before = self._reserved
        self._reserved = up_to
        try:
            self._write()
            os.fdatasync(self._file)
        except OSError:
            self._reserved = before
            raise

    def _write(self) -> None:
        self._generation += 1
        fields = (self._generation, self._reserved, self.acked, self.dropped)
        body = _SLOT.pack(*fields, 0)[:-4]
        os.pwrite(self._file, body + struct.pack(">I", zlib.crc32(body)), self._generation % 2 * _SPACING)

    def _newest(self) -> tuple[int, int, int, int]:
        best = (0, 0, 0, 0)
        for slot in (0, 1):
            raw = os.pread(self._file, _SLOT.size, slot * _SPACING)
            if len(raw) < _SLOT.size:
                continue
            *fields, checksum = _SLOT.unpack(raw)
            if zlib.crc32(raw[:-4]) == checksum and fields[0] > best[0]:
                best = (fields[0], fields[1], fields[2], fields[3])
        return best
