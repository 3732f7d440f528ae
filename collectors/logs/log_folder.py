"""Keeps the set of followed files: new ones, rotated ones, those that are gone; by identity, not by name."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from stat import S_ISREG
from typing import Any

from collectors.logs.log_tail import Identity, Position, Tail
from kernel.inotify import NAMES, WRITTEN, Announcements

MOST = 256
"""Files followed at once; what is beyond is counted."""
PACKED = (".gz", ".xz", ".bz2", ".zst", ".lz4", ".zip")
RESUME = 600.0
"""Seconds after which lines written while nobody looked are no news any more."""
KEEP_ROTATED = 60.0
"""Seconds in which a writer may still write into the file that was moved aside."""


class Folder:
    """``remembered`` keeps positions by path over a restart of the agent, as plain JSON."""

    def __init__(self, globs: Sequence[str], remembered: MutableMapping[str, Any]) -> None:
        self._globs = globs
        self._remembered = remembered
        self._tails: dict[Identity, Tail] = {}
        self._moved: dict[Identity, float] = {}
        self._begun = False
        self._scanned_at = 0.0
        self.ignored = 0
        """Files not followed because there are too many."""
        self.unreadable: set[str] = set()

    def rescan(self, now: float) -> None:
        """Look for new names, moved files and gone ones. ``now`` in seconds since the epoch."""
        seen: set[Identity] = set()
        self.ignored = 0
        for path, identity in self._found().items():
            seen.add(identity)
            tail = self._tails.get(identity)
            if tail is not None:
                tail.path = path
                self._moved.pop(identity, None)
            elif len(self._tails) >= MOST:
                self.ignored += 1
            else:
                self._open(path, identity, now)
        for identity in self._tails.keys() - seen:
            self._moved.setdefault(identity, now)
        self._begun = True
        self._scanned_at = now

    def announced_by(self, kernel: Announcements) -> bool:
        """Let the kernel announce new names and new lines; False where it does not do so for all."""
        folders = {os.path.dirname(path) for path in (*self._globs, *self.paths)}  # noqa: PTH120 dozens of globs
        try:
            for folder in sorted(folders):
                for found in glob.iglob(folder):  # noqa: PTH207 as below
                    kernel.want(found, NAMES)
            for path in self.paths:
                kernel.want(path, WRITTEN)
        except OSError:  # gone just now, or too many of them
            return False
        return True

    def changed(self) -> bool:
        """Whether some followed path now names another file."""
        return any(
            _identity(tail.path) != identity
            for identity, tail in self._tails.items()
            if identity not in self._moved
        )

    def read(self, now: float) -> Iterator[tuple[str, bytes, float]]:
        """Path and whole lines of each file that grew; written within so many seconds."""
        for identity, tail in list(self._tails.items()):
            within = max(0.0, now - tail.up_to_date_at)
            for block in tail.read(now):
                yield tail.path, block, within
            if self._is_over(identity, tail, now):
                del self._tails[identity], self._moved[identity]
                if rest := tail.close():
                    yield tail.path, rest, within
            elif identity not in self._moved:
                self._remembered[tail.path] = [*identity, tail.offset, now]

    def close(self) -> None:
        for tail in self._tails.values():
            tail.close()
        self._tails.clear()

    @property
    def paths(self) -> list[str]:
        return sorted(tail.path for tail in self._tails.values())

    def lost(self) -> Iterator[tuple[str, int, int]]:
        """Path, bytes skipped and lines cut, of the files that lost something since this was last asked."""
        for tail in self._tails.values():
            skipped, cut = tail.lost()
            if skipped or cut:
                yield tail.path, skipped, cut

    def _is_over(self, identity: Identity, tail: Tail, now: float) -> bool:
        moved_at = self._moved.get(identity)
        return moved_at is not None and tail.drained and (tail.unlinked or now - moved_at > KEEP_ROTATED)

    def _found(self) -> Mapping[str, Identity]:
        found: dict[str, Identity] = {}
        for pattern in self._globs:
            for path in sorted(glob.iglob(pattern)):  # noqa: PTH207 Path.glob takes no absolute pattern
                identity = _identity(path)
                if identity is not None and not path.endswith(PACKED):
                    found[path] = identity
        return found

    def _open(self, path: str, identity: Identity, now: float) -> None:
        offset, up_to_date_at = self._left(path, identity, now)
        try:
            tail = Tail(path, up_to_date_at, offset)
        except OSError:
            self.unreadable.add(path)
            return
        self.unreadable.discard(path)
        self._tails[tail.identity] = tail

    def _left(self, path: str, identity: Identity, now: float) -> tuple[int | None, float]:
        """At the end of what was there before us, at the beginning of what came later; and since when."""
        if self._begun:
            return 0, self._scanned_at
        try:
            position = Position(*self._remembered[path])
        except (KeyError, TypeError):
            return None, now
        same = (position.device, position.inode) == identity
        return (position.offset, position.at) if same and 0 <= now - position.at <= RESUME else (None, now)


def _identity(path: str) -> Identity | None:
    """None for what is no regular file."""
    try:
        status = os.stat(path)  # noqa: PTH116 of each file, again and again
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if S_ISREG(status.st_mode) else None
