"""Gives memory back after the start, when imports and first reads have left the heap full of holes."""

from __future__ import annotations

import ctypes
import gc


def trim() -> None:
    """Collect, never look at what survived again, and return free pages (malloc_trim(3), glibc only)."""
    gc.collect()
    gc.freeze()
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (OSError, AttributeError):
        return


def few_arenas() -> None:
    """Threads share two heaps instead of having one each: mallopt(3), before any thread starts."""
    m_arena_max = -8
    try:
        ctypes.CDLL(None).mallopt(m_arena_max, 2)
    except (OSError, AttributeError):
        return
