"""Announces that files and folders changed (inotify(7))."""

from __future__ import annotations

import ctypes
import os
import weakref
from contextlib import suppress

WRITTEN = 0x2
"""IN_MODIFY, of a file."""
NAMES = 0x40 | 0x80 | 0x100 | 0x200
"""IN_MOVED_FROM, IN_MOVED_TO, IN_CREATE, IN_DELETE, of a folder."""
_BUFFER = 65_536


class Announcements:
    """Readable while something was announced. Raises OSError where the kernel gives no more instances."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = _checked(self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
        self.close = weakref.finalize(self, os.close, self._descriptor)

    def fileno(self) -> int:
        return self._descriptor

    def want(self, path: str, what: int) -> None:
        """Again for the same file is no second one. Raises OSError for what is not there, or too many."""
        _checked(self._libc.inotify_add_watch(self._descriptor, os.fsencode(path), what))

    def take(self) -> None:
        """What was announced is known now."""
        with suppress(BlockingIOError):
            while os.read(self._descriptor, _BUFFER):
                pass


def _checked(result: int) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result
