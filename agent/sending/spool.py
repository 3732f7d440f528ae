"""What waits to be sent, on disk: bounded, in order, and there after kill -9.

What survives: kill -9 of the agent at any moment loses nothing that was appended. Power loss may take what
was appended since the last ``sync``, which the agent calls once a second while there is something to sync.
"""

from __future__ import annotations

import os
from collections import deque
from pathlib import Path

from agent.sending.segment import Record, Segment
from agent.sending.sequence import Sequence
from wire.observation import Observation

SEGMENT_BYTES = 256 * 1024
HELD = 2_000
"""Records kept in memory while the disk takes none."""


class Spool:
    """Not thread-safe: the outbox holds the lock. Raises OSError only when it is opened."""

    def __init__(self, folder: Path, max_bytes: int = 16 * 1024 * 1024) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._max_bytes = max_bytes
        self._segment_bytes = min(SEGMENT_BYTES, max(4096, max_bytes // 8))
        self.sequence = Sequence(folder / "sequence")
        for leftover in folder.glob("*.new"):
            leftover.unlink()
        self._segments = [Segment(path) for path in sorted(folder.glob("*.seg"))]
        self._held: deque[tuple[Observation, bool]] = deque()
        self._dirty = False
        self._fresh_name = False
        self.acked = self.sequence.acked
        self.spoilt = sum(segment.spoilt for segment in self._segments)
        """Bytes of torn or spoilt records found at opening."""
        self._forget_empty()

    @property
    def dropped(self) -> int:
        return self.sequence.dropped

    @property
    def bytes(self) -> int:
        return sum(segment.size for segment in self._segments)

    @property
    def pending(self) -> bool:
        return bool(self._held) or any(segment.read_from < segment.size for segment in self._segments)

    def append(self, observation: Observation, *, repeat: bool = False) -> None:
        """Keep it until it is acknowledged. Its ``seq`` came from ``sequence`` and is the highest yet."""
        self._held.append((observation, repeat))
        self._flush()
        if len(self._held) > HELD:
            self._shrink_held()
        if self.bytes > self._max_bytes:
            self._shrink()

    def peek(self, limit: int) -> list[Observation]:
        """The oldest that are not acknowledged, in order."""
        found: list[Observation] = []
        for segment in self._segments:
            if segment.read_from >= segment.size:
                continue
            for record in self._read(segment):
                if record.observation.seq > self.acked:
                    found.append(record.observation)
                if len(found) >= limit:
                    return found
        found.extend(observation for observation, _ in list(self._held)[: limit - len(found)])
        return found

    def acknowledge(self, seq: int) -> None:
        """Forget up to ``seq``."""
        if seq <= self.acked:
            return
        self.acked = seq
        for segment in self._segments:
            if segment.first > seq:
                break
            for record in self._read(segment):
                if record.observation.seq > seq:
                    break
                segment.read_from = record.end
        while self._held and self._held[0][0].seq <= seq:
            self._held.popleft()
        self._forget_empty()
        self._mark()

    def sync(self) -> None:
        """Bring what was appended to the disk itself."""
        self._flush()
        if self._dirty and self._segments:
            self._dirty = False
            try:
                self._segments[-1].sync()
                if self._fresh_name:
                    sync_folder(self._folder)
                    self._fresh_name = False
            except OSError:
                self._dirty = True

    def close(self) -> None:
        self.sync()
        for segment in self._segments:
            segment.close()
        self.sequence.close()

    def _flush(self) -> None:
        """Write what is held, until the disk takes no more."""
        while self._held:
            observation, repeat = self._held[0]
            try:
                self._open_segment(observation.seq).append(observation, repeat=repeat)
            except OSError:
                return
            self._held.popleft()
            self._dirty = True

    def _open_segment(self, seq: int) -> Segment:
        if self._segments and self._segments[-1].size < self._segment_bytes:
            return self._segments[-1]
        if self._segments:
            self._segments[-1].sync()
            self._segments[-1].close()
        segment = Segment(self._folder / f"{seq:020d}.seg")
        self._segments.append(segment)
        self._fresh_name = True
        return segment

    def _shrink(self) -> None:
        """Back below the bound: first the repeats, oldest first, and only then the oldest changes."""
        for segment in list(self._segments[:-1]):
            if segment.repeats:
                self._without_repeats(segment)
            if self.bytes <= self._max_bytes:
                return
        while self.bytes > self._max_bytes and len(self._segments) > 1:
            oldest = self._segments.pop(0)
            self._count_dropped(sum(1 for _ in self._read(oldest)))
            oldest.remove()

    def _without_repeats(self, segment: Segment) -> None:
        """Write the segment anew, changes only."""
        fresh = Segment(segment.path.with_suffix(".new"))
        dropped = 0
        try:
            for record in self._read(segment):
                if record.repeat:
                    dropped += 1
                else:
                    fresh.append(record.observation, repeat=False)
            fresh.sync()
        except OSError:
            fresh.remove()
            return
        fresh.close()
        fresh.path.replace(segment.path)
        segment.close()
        self._segments[self._segments.index(segment)] = Segment(segment.path)
        self._count_dropped(dropped)
        self._forget_empty()

    def _shrink_held(self) -> None:
        """Memory is full because the disk is: repeats go first, then the oldest."""
        kept = deque(pair for pair in self._held if not pair[1])
        while len(kept) > HELD:
            kept.popleft()
        self._count_dropped(len(self._held) - len(kept))
        self._held = kept

    def _read(self, segment: Segment) -> list[Record]:
        try:
            return list(segment.records())
        except OSError:
            return []

    def _forget_empty(self) -> None:
        for segment in self._segments:
            if segment.last <= self.acked:
                segment.read_from = segment.size
        active = self._segments[-1] if self._segments else None
        for segment in list(self._segments):
            done = segment.read_from >= segment.size
            if done and (segment is not active or segment.size >= self._segment_bytes // 4):
                segment.remove()
                self._segments.remove(segment)

    def _count_dropped(self, number: int) -> None:
        if number:
            self.sequence.dropped += number
            self._mark()

    def _mark(self) -> None:
        try:
            self.sequence.mark(self.acked, self.sequence.dropped)
        except OSError:
            return  # repeated by the next one; until then a restart sends a little twice


def sync_folder(folder: Path) -> None:
    """A new file's name is on the disk only when its folder is."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
