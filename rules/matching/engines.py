"""The two ways to find which patterns match where in a block of lines: hyperscan, or a set of RE2."""

from __future__ import annotations

import importlib
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import re2

from rules.matching.cache import compiled_database, forget_database


def _optional(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:  # no wheel for this machine
        return None


hyperscan = _optional("hyperscan")

LINE_LIMIT = 8192
"""Bytes of a line that are looked at by RE2."""
LINE_MEMORY = 512 * 1024
"""Bytes for the automaton of one pattern: lines that need more are slower, and memory stays bounded."""
SET_MEMORY = 256 * 1024 * 1024
"""A set that runs out of memory matches nothing, so it is given plenty: only what is used is taken."""

Event = int
"""Offset behind a byte of the matched line, and in the lowest bits the number of the pattern: as one number
events are sorted in a third of the time."""
NUMBER_BITS = 16
NUMBER_MASK = (1 << NUMBER_BITS) - 1
LAST_EVENT = 1 << 62
"""Behind all others."""


class Engine(Protocol):
    name: str

    def find(self, block: bytes) -> list[Event]:
        """In rising order; may repeat a pattern per line."""


class HyperscanEngine:
    """All patterns at once over the whole block."""

    name = "hyperscan"

    def __init__(self, patterns: Sequence[str], folder: Path | None) -> None:
        version = hyperscan.__version__
        try:
            self._database = hyperscan.loadb(
                compiled_database(patterns, version, folder), hyperscan.HS_MODE_BLOCK
            )
        except hyperscan.HyperscanError:  # a damaged file, or one from another machine
            forget_database(folder)
            self._database = hyperscan.loadb(
                compiled_database(patterns, version, folder), hyperscan.HS_MODE_BLOCK
            )
        self._scratch = hyperscan.Scratch(self._database)
        self._database.scratch = self._scratch

    def find(self, block: bytes) -> list[Event]:
        events: list[Event] = []
        append = events.append

        def note(number: int, _start: int, end: int, _flags: int, _context: object) -> None:
            append(end << NUMBER_BITS | number)

        self._database.scan(block, match_event_handler=note)
        events.sort()
        return events


class SetEngine:
    """The same patterns, line by line: slower, for machines without hyperscan."""

    name = "re2"

    def __init__(self, patterns: Sequence[str]) -> None:
        options = line_options()
        options.max_mem = SET_MEMORY
        self._set = re2.Set.SearchSet(options)
        for pattern in patterns:
            self._set.Add(pattern.encode())
        self._set.Compile()

    def find(self, block: bytes) -> list[Event]:
        events: list[Event] = []
        start = 0
        for line in block.split(b"\n"):
            head = line[:LINE_LIMIT]
            if head:
                end = start + len(head) << NUMBER_BITS
                events += [end | number for number in sorted(self._set.Match(head) or ())]
            start += len(line) + 1
        return events


def line_options() -> re2.Options:
    """Bytes, as hyperscan sees them."""
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    return options


Span = tuple[int, int]
Spans = Callable[[bytes], list[Span]]
"""Where the whole match and each group are; -1 stands for what is missing."""


def spans_of(pattern: str) -> Spans:
    """A search for one pattern in one line."""
    # The public search makes a generator and an object for each line: more work than the match itself.
    options = line_options()
    options.max_mem = LINE_MEMORY
    match, anywhere = re2.compile(pattern.encode(), options)._regexp.Match, re2._Anchor.UNANCHORED  # noqa: SLF001

    def spans(line: bytes) -> list[Span]:
        found: list[Span] = match(anywhere, line, 0, len(line))
        return found

    return spans


def choose_engine(patterns: Sequence[str], folder: Path | None) -> tuple[Engine, str]:
    """The best engine that works here, and why it is not hyperscan where it is not."""
    if hyperscan is None:
        return SetEngine(patterns), "hyperscan is not installed"
    try:
        return HyperscanEngine(patterns, folder), ""
    except (hyperscan.HyperscanError, OSError, subprocess.SubprocessError) as error:
        return SetEngine(patterns), f"hyperscan does not work here: {error}"
