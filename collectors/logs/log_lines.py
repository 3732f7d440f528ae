"""Cuts a stream of bytes into blocks of whole lines, whatever pieces it comes in."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate

LONGEST = 64 * 1024
"""Bytes of a line that has not ended yet which are kept; the rest of such a line is let go."""


class Lines:
    def __init__(self) -> None:
        self._rest = b""
        self._skipping = False
        self.cut = 0
        """Lines that were longer than LONGEST."""

    def feed(self, data: bytes) -> bytes:
        """The whole lines that are complete now; empty where none is."""
        end = data.rfind(b"\n") + 1
        if not end:
            self._keep(data)
            return b""
        head = data[:end]
        if self._skipping:
            head = head[head.find(b"\n") + 1 :]
            self._skipping = False
        block = self._rest + head
        self._rest = b""
        self._keep(data[end:])
        return block

    def flush(self) -> bytes:
        """The line that was begun and may never end."""
        rest, self._rest = self._rest, b""
        return rest

    def _keep(self, data: bytes) -> None:
        if self._skipping:
            return
        self._rest += data
        if len(self._rest) > LONGEST:
            # What there is of it is judged with the next block; the rest is skipped up to the line's end.
            self._rest = self._rest[:LONGEST] + b"\n"
            self._skipping = True
            self.cut += 1


def joined(lines: Iterable[bytes]) -> tuple[bytes, list[int]]:
    """One block of lines without their ends, and where each begins in it."""
    parts = list(lines)
    starts = accumulate((len(part) + 1 for part in parts[:-1]), initial=0)
    return b"\n".join(parts), list(starts)
