"""Gives memory back after the start, when imports and first reads have left the heap full of holes."""

from __future__ import annotations

import ctypes
import gc
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

SMAPS = Path("/proc/self/smaps")
_MAPPING = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ \S+ +(/.*)")
_MADV_DONTNEED = 4
_M_ARENA_MAX = -8


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
    try:
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)
    except (OSError, AttributeError):
        return


def unmap_programs() -> None:
    """Let go of the pages of programs and libraries: most served the start only (madvise(2)).

    They stay in the page cache, where the kernel may take them; what is still used comes back by itself.
    """
    try:
        madvise = ctypes.CDLL(None).madvise
        with SMAPS.open(encoding="utf-8", errors="replace") as lines:
            mappings = list(_untouched(lines))
        for start, stop in mappings:
            madvise(ctypes.c_void_p(start), ctypes.c_size_t(stop - start), _MADV_DONTNEED)
    except (OSError, AttributeError):
        return


def _untouched(lines: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Mappings of files that are not written to, and of which no page was ever changed: none is lost."""
    start = stop = 0
    for line in lines:
        if found := _MAPPING.fullmatch(line.rstrip("\n")):
            start, stop = int(found[1], 16), int(found[2], 16)
            if found[3] not in {"r-xp", "r--p"}:
                start = stop = 0
        elif "-" in line.partition(" ")[0]:
            start = stop = 0
        elif stop and line.split() == ["Anonymous:", "0", "kB"]:
            yield start, stop
